import { posix } from 'node:path';
import { z } from 'zod';
import { oneOf, text } from './value-types.ts';

const commandFields = { dump: text, restore: text, check: text };
const commandExpected = 'a map `{dump, restore, check}` of commands';
export const backupCommandKeys: readonly string[] = Object.keys(commandFields);
const standstills = ['paused', 'stopped'] as const;

const fields = {
  database: text.optional(),
  user: text.optional(),
  path: text.optional(),
  while: z.enum(standstills, oneOf(standstills)).optional(),
  command: z.strictObject(commandFields, commandExpected).optional(),
};
type Field = keyof typeof fields;

/** Which of the fields a kind has a use for, and which it can't do without. */
const uses = {
  postgres: { optional: ['database', 'user'], required: [] },
  mariadb: { optional: ['database', 'user'], required: [] },
  redis: { optional: ['user'], required: [] },
  sqlite: { optional: ['database'], required: ['path'] },
  volume: { optional: ['database', 'while'], required: ['path'] },
  command: { optional: ['database'], required: ['command'] },
} as const satisfies Record<string, { optional: readonly Field[]; required: readonly Field[] }>;

export type BackupKind = keyof typeof uses;
export const backupKinds = Object.keys(uses) as readonly BackupKind[];

/** For people, what a field that is missing is. */
const meanings: Readonly<Record<Field, string>> = {
  database: 'the name of the database',
  user: 'the user of the database',
  path: 'its path inside the container',
  while: 'how the containers that use the volume stand still for it',
  command: commandExpected,
};

const entryFields = {
  service: text,
  kind: z.enum(backupKinds, oneOf(backupKinds)),
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

export const backupExpected = `\`auto\`, \`none\`, or a YAML list of \`{${backupKeys.join(', ')}}\``;

/** Their files begin with service and name: two of the same could not be told from one another. */
export const backupEntries = z.array(backupEntry, backupExpected).superRefine((entries, context) => {
  const known = new Map<string, number>();
  for (const [at, { service, kind, database, path }] of entries.entries()) {
    const name = database ?? posix.basename(path ?? '');
    const key = JSON.stringify([service, kind, name]);
    const first = known.get(key);
    if (first === undefined) known.set(key, at);
    else {
      const message = `another name than that of entry ${first + 1}, a \`database: NAME\` that tells the two apart`;
      context.addIssue({ code: 'custom', path: [at, 'database'], message });
    }
  }
});
