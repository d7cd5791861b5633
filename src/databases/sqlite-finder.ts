import { posix } from 'node:path';
import type { Finder } from './finder.ts';

/** SQLite is a file anywhere: only an entry tells of it. */
export const sqliteFinder: Finder = {
  kind: 'sqlite',
  recognise: () => 'no',
  wanted: ({ name }, entry) => {
    const path = entry?.path ?? '';
    return { kind: 'sqlite', service: name, database: entry?.database ?? posix.basename(path), path };
  },
};
