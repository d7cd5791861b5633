import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseSchema, RestoreEnd } from './database.ts';
import { type ToldVersion, versionText } from './migration-tables.ts';
import { digestOf } from './schema.ts';

/*
 * The programs that touch a database file, each given to its interpreter on standard input with the operation and its
 * paths as arguments. They run in processes of their own (on the host, or in the service's image), so that a time-out
 * can stop them, and they are texts, so that bundling leaves them as they are. All speak the same lines:
 *
 *   real <path>    bytes <n>    row <table in hex> <count>    sha256 <hex>    object <description in hex>
 *   version <table in hex> <text in hex>    moved <suffix>    stays <suffix>    end <RestoreEnd>    error <code>
 *
 *   look <database> [<folder>]          where it is and how large; with the folder that it must be in and be ours
 *   query <database>                    reads its schema
 *   backup <database> <copy> [<folder>] copy and counts from one read transaction; owned as the folder is
 *   stage <backup> <new> <database>     a copy that belongs to whom the database belongs
 *   swap <new> <database> <kept>        the database gets the name <kept>, the new one its name
 *   recover <new> <database> <kept>     ends what a swap began: to be undone as long as the new one has its own name, or the
 *                                       database is the one that is kept
 *   verify <backup> full|quick|none     integrity, counts and schema of a file that nobody writes to; `none`: its schema
 */

export type Operation = 'look' | 'query' | 'backup' | 'stage' | 'swap' | 'recover' | 'verify';

/** What a script said. */
export interface Told {
  readonly rows: Record<string, number>;
  readonly bytes: number;
  readonly sha256: string;
  /** Of a verification. */
  readonly schema: DatabaseSchema;
  /** Suffixes of the files that a swap moved aside: the empty one for the database itself. */
  readonly moved: readonly string[];
  /** Suffixes of the logs that could not be put back, as a writer has made new ones. */
  readonly stays: readonly string[];
  readonly end: RestoreEnd;
}

export function told(result: ExecResult): Told {
  const lines = result.stdout.split('\n').map((line) => line.split(' '));
  const said = (word: string) => lines.filter(([first]) => first === word).map(([, ...rest]) => rest);
  const [end] = said('end')[0] ?? [];
  return {
    rows: Object.fromEntries(said('row').map(([table, count]) => [fromHex(table), Number(count)])),
    bytes: Number(lineOf(result, 'bytes') ?? 0),
    sha256: lineOf(result, 'sha256') ?? '',
    schema: {
      digest: digestOf(said('object').map(([description]) => fromHex(description))),
      dialect: 'sqlite',
      version: versionText(versions(said('version'))),
    },
    moved: said('moved').map(([suffix]) => suffix ?? ''),
    stays: said('stays').map(([suffix]) => suffix ?? ''),
    end: end === 'finished' || end === 'undone' ? end : 'nothing',
  };
}

function versions(said: readonly string[][]): ToldVersion[] {
  const tables = [...new Set(said.map(([table]) => table))];
  return tables.map((table) => ({
    table: fromHex(table),
    rows: said.filter(([of]) => of === table).map(([, text]) => fromHex(text)),
  }));
}

function fromHex(digits: string | undefined): string {
  return Buffer.from(digits ?? '', 'hex').toString();
}

export function lineOf(result: ExecResult, word: string): string | null {
  const line = result.stdout.split('\n').find((one) => one.startsWith(`${word} `));
  return line === undefined ? null : line.slice(word.length + 1);
}

export function errorCode(result: ExecResult): string | null {
  return result.outcome === 'failed' ? lineOf(result, 'error') : null;
}
