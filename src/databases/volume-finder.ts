import { posix } from 'node:path';
import type { Finder } from './finder.ts';

/** A folder of files may hold anything: only an entry tells of it. */
export const volumeFinder: Finder = {
  kind: 'volume',
  recognise: () => 'no',
  wanted: ({ name }, entry) => {
    const path = entry?.path ?? '';
    return {
      kind: 'volume',
      service: name,
      database: entry?.database ?? posix.basename(path),
      path,
      while: entry?.while ?? 'paused',
    };
  },
};
