import { z } from 'zod';
import { isUnbuilt } from './unbuilt.ts';
import { oneOf, text } from './value-types.ts';

const commandFields = { dump: text, restore: text, check: text };
const commandExpected = 'a map `{dump, restore, check}` of commands';
export const backupCommandKeys: readonly string[] = Object.keys(commandFields);

const fields = {
  database: text.optional(),
  user: text.optional(),
  path: text.optional(),
  command: z.strictObject(commandFields, commandExpected).optional(),
};
type Field = keyof typeof fields;

/** Which of the fields a kind has a use for, and which it can't do without. */
const uses = {
  postgres: { optional: ['database', 'user'], required: [] },
  mariadb: { optional: ['database', 'user'], required: [] },
  redis: { optional: ['user'], required: [] },
  sqlite: { optional: ['database'], required: ['path'] },
  command: { optional: ['database'], required: ['command'] },
} as const satisfies Record<string, { optional: readonly Field[]; required: readonly Field[] }>;

export type BackupKind = keyof typeof uses;
export const backupKinds = Object.keys(uses) as readonly BackupKind[];

/** For people, what a field that is missing is. */
const meanings: Readonly<Record<Field, string>> = {
  database: 'the name of the database',
  user: 'the user of the database',
  path: 'the path of the database file inside the container',
  command: commandExpected,
};

const entryFields = {
  service: text,
  kind: z.enum(backupKinds, {
    error: ({ input }) =>
      isUnbuilt('backup kinds', input)
        ? `${oneOf(backupKinds)}: \`${input}\` is not built yet in this version`
        : oneOf(backupKinds),
  }),
  ...fields,
};

export const backupKeys: readonly string[] = Object.keys(entryFields);

export const backupEntry = z
  .strictObject(entryFields, 'a map such as `{service: db, kind: postgres}`')
  .superRefine((entry, context) => {
    const { optional, required }: { optional: readonly Field[]; required: readonly Field[] } = uses[entry.kind];
    const complain = (field: Field, message: string) => context.addIssue({ code: 'custom', path: [field], message });
    for (const field of required) {
      if (entry[field] === undefined) complain(field, `${meanings[field]}, which \`${entry.kind}\` needs`);
    }
    for (const field of Object.keys(fields) as Field[]) {
      if (entry[field] === undefined || required.includes(field) || optional.includes(field)) continue;
      complain(field, `\`${field}\` to be left out: \`${entry.kind}\` has no use for it`);
    }
  });
export type BackupEntry = z.output<typeof backupEntry>;
