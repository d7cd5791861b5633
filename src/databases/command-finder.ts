import type { Finder } from './finder.ts';

/** What only its own commands can back up: an entry tells of it. */
export const commandFinder: Finder = {
  kind: 'command',
  recognise: () => 'no',
  wanted: ({ name }, entry) => ({
    kind: 'command',
    service: name,
    database: entry?.database ?? name,
    ...(entry?.command === undefined ? {} : { commands: entry.command }),
  }),
};
