import { z } from 'zod';
import { isUnbuilt } from './unbuilt.ts';
import { oneOf, text } from './value-types.ts';

export const backupKinds = ['postgres', 'sqlite'] as const;

const fields = {
  service: text,
  kind: z.enum(backupKinds, {
    error: ({ input }) =>
      isUnbuilt('backup kinds', input)
        ? `${oneOf(backupKinds)}: \`${input}\` is not built yet in this version`
        : oneOf(backupKinds),
  }),
  database: text.optional(),
  user: text.optional(),
  path: text.optional(),
};

export const backupKeys: readonly string[] = Object.keys(fields);

export const backupEntry = z
  .strictObject(fields, 'a map such as `{service: db, kind: postgres}`')
  .superRefine((entry, context) => {
    if (entry.kind === 'sqlite' && entry.path === undefined) {
      const message = 'the path of the database file inside the container, which `sqlite` needs';
      context.addIssue({ code: 'custom', path: ['path'], message });
    }
    const foreign = entry.kind === 'sqlite' ? 'user' : 'path';
    if (entry[foreign] === undefined) return;
    const message = `\`${foreign}\` to be left out: \`${entry.kind}\` has no use for it`;
    context.addIssue({ code: 'custom', path: [foreign], message });
  });
export type BackupEntry = z.output<typeof backupEntry>;
