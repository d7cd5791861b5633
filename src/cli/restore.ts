import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { databaseKinds } from '../databases/kinds.ts';
import { readRecord } from '../databases/record.ts';
import { LocalHost } from '../hosts/local.ts';
import { Redactor } from '../hosts/redactor.ts';
import type { Request } from '../request/schema.ts';
import { formatSize } from '../request/units.ts';
import { performFromCli } from './perform.ts';

/** `homeport restore FILE`: shows what it will do, asks, and only then does it. */
export async function restoreFromCli(request: Request, yes: boolean): Promise<number> {
  const file = resolve(request.file ?? '');
  const record = await readRecord(new LocalHost({ redactor: new Redactor() }), file);
  const counted = databaseKinds[record.kind]?.counted(record.rows) ?? record.kind;
  process.stdout.write(
    [
      `${file}`,
      `  ${record.kind} ${record.database} of the service ${record.service}, project ${record.project}`,
      `  made ${record.createdAt}, ${formatSize(record.bytes)}, ${counted}, verified: ${record.verified}`,
      ...(databaseKinds[record.kind]?.restoresInPlace === true ? inPlace : bySwap),
      '',
    ].join('\n'),
  );
  if (!yes && !(await confirmed(record.database))) {
    process.stdout.write('Nothing was changed.\n');
    return 7;
  }
  return await performFromCli({ ...request, file });
}

const bySwap = [
  'It is restored into a new database and verified there; then that one takes the place of the present database,',
  'which is kept under another name. Sessions on it are ended. What was written since the backup is not in it.',
];
const inPlace = [
  'What is there now is dumped first; then your `restore` replaces it. Should that fail, the dump is put back.',
  'Stop what writes before. What was written since the backup is not in it.',
];

async function confirmed(database: string): Promise<boolean> {
  if (!process.stdin.isTTY) {
    process.stderr.write('Nobody is there to be asked: `--yes` confirms it.\n');
    return false;
  }
  const reader = createInterface({ input: process.stdin, output: process.stdout });
  const answer = await reader.question(`Type the database's name (${database}) to restore it: `);
  reader.close();
  return answer.trim() === database;
}
