import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import { tryParseJson } from '../request/parse-json.ts';
import { createDatabaseSql, type DatabaseDefaults, dropDatabaseSql } from './mariadb-catalog.ts';
import { feed, type MariadbClient, quoteIdentifier, quoteLiteral, runSql } from './mariadb-client.ts';
import { rewriteText } from './mariadb-dump-text.ts';
import { endSessionsWhere } from './mariadb-end-sessions.ts';
import { dropObjectsSql, objectsOf, scriptOf } from './mariadb-objects.ts';
import { said } from './server-down.ts';

/*
 * No server of this family can rename a database, but all can move any number of tables between databases in one atomic
 * RENAME TABLE. It refuses tables that have triggers, and nothing moves views, routines or events. So everything that is
 * not a table is written down first, in a table of the new database, in one transaction with what is to be moved; from
 * that commit on the swap is only ever finished, never undone, as each of its steps can be done again: drop what is not a
 * table, move the tables, make again what is not a table, drop the new database with what was written down. A kill at any
 * moment leaves either no such table, and everybody's database untouched, or all that the next one needs.
 */
const planTable = '_homeport_swap';

const plan = z.strictObject({
  /** `null` where there was no database before. */
  kept: z.string().nullable(),
  defaults: z.strictObject({ characterSet: z.string(), collation: z.string() }),
  /** Tables of the database before, and of the restored one. */
  before: z.array(z.string()),
  fresh: z.array(z.string()),
  /** Events that are on in the backup; until they are in place they are off. */
  events: z.array(z.string()),
  scripts: z.strictObject({ before: z.string(), fresh: z.string() }),
});
export type SwapPlan = z.infer<typeof plan>;

export interface SwapPlace {
  readonly database: string;
  readonly fresh: string;
  readonly kept: string | null;
  readonly defaults: DatabaseDefaults;
  readonly events: readonly string[];
}

/** Writes down all that the swap needs. Once this has resolved it is to be finished. Throws `HomeportError`. */
export async function writePlan(client: MariadbClient, place: SwapPlace): Promise<void> {
  const { database, fresh, kept, defaults, events } = place;
  const [before, restored] = [await objectsOf(client, database), await objectsOf(client, fresh)];
  const made: SwapPlan = {
    kept,
    defaults: { characterSet: defaults.characterSet, collation: defaults.collation },
    before: [...before.table],
    fresh: [...restored.table],
    events: [...events],
    scripts: {
      before: kept === null ? '' : await scriptOf(client, database, before, true),
      fresh: await scriptOf(client, fresh, restored, false),
    },
  };
  const text = Buffer.from(JSON.stringify(made)).toString('base64');
  const table = `${quoteIdentifier(fresh)}.${quoteIdentifier(planTable)}`;
  const sql = [
    `CREATE TABLE ${table} (number INT PRIMARY KEY, part LONGTEXT CHARACTER SET ascii NOT NULL) ENGINE = InnoDB;`,
    'START TRANSACTION;',
    // In pieces that every server takes.
    ...(text.match(/.{1,500000}/g) ?? []).map((part, number) => `INSERT INTO ${table} VALUES (${number}, '${part}');`),
    'COMMIT;',
  ];
  await runSql(client, null, sql.join('\n'), `The swap of ${database} could not be written down`, { changes: true });
}

/** What was written down in a new database; `null` when it was not, and nobody's database has been touched. */
export async function readPlan(client: MariadbClient, fresh: string): Promise<SwapPlan | null> {
  const table = `${quoteIdentifier(fresh)}.${quoteIdentifier(planTable)}`;
  try {
    const what = `What is in ${fresh} could not be read`;
    const lines = await runSql(client, null, `SELECT part FROM ${table} ORDER BY number;`, what);
    if (lines.length === 0) return null;
    return plan.parse(tryParseJson(Buffer.from(lines.join(''), 'base64').toString('utf8')));
  } catch (error) {
    if (said(error, /\b1146\b/)) return null;
    throw error;
  }
}

/** Brings the swap to its end, from wherever it is. Throws `HomeportError`; it can be tried again then. */
export async function finishSwap(
  client: MariadbClient,
  place: { readonly database: string; readonly fresh: string },
  made: SwapPlan,
): Promise<void> {
  const { database, fresh } = place;
  const what = `${database} could not be replaced; \`homeport recover\` finishes it`;
  const run = async (sql: readonly string[]) => {
    if (sql.length > 0) await runSql(client, null, sql.join('\n'), what, { changes: true });
  };
  const other = createDatabaseSql(made.kept ?? database, made.defaults).replace(/^CREATE DATABASE/, '$& IF NOT EXISTS');
  await run([other]);
  await moveTables(client, place, made, run);
  if (made.kept !== null) {
    const script = rewriteText(made.scripts.before, { from: database, to: made.kept, events: false });
    await feed(client, made.kept, script, `What belongs to ${made.kept} could not be made`, []);
  }
  const script = rewriteText(made.scripts.fresh, { from: fresh, to: database, events: true });
  await feed(client, database, script, what, []);
  const within = quoteIdentifier(database);
  await run(made.events.map((name) => `ALTER EVENT ${within}.${quoteIdentifier(name)} ENABLE;`));
  await run([dropDatabaseSql(fresh)]);
}

async function moveTables(
  client: MariadbClient,
  { database, fresh }: { readonly database: string; readonly fresh: string },
  made: SwapPlan,
  run: (sql: readonly string[]) => Promise<void>,
): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    // Whoever is in the middle of a transaction holds its tables.
    await endSessionsWhere(client, `DB = ${quoteLiteral(database)}`);
    const [now, restored] = [await objectsOf(client, database), await objectsOf(client, fresh)];
    const kept = made.kept === null ? null : await objectsOf(client, made.kept);
    const drops = [...dropObjectsSql(database, now), ...dropObjectsSql(fresh, restored, 'trigger')];
    const away = kept === null ? [] : made.before.filter((name) => !kept.table.includes(name));
    const moves = [
      ...away.map((name) => [database, made.kept ?? '', name] as const),
      ...made.fresh.filter((name) => restored.table.includes(name)).map((name) => [fresh, database, name] as const),
    ];
    const renames = moves.map(
      ([from, to, name]) =>
        `${quoteIdentifier(from)}.${quoteIdentifier(name)} TO ${quoteIdentifier(to)}.${quoteIdentifier(name)}`,
    );
    try {
      await run([
        'SET SESSION lock_wait_timeout = 5;',
        ...drops,
        ...(renames.length === 0 ? [] : [`RENAME TABLE ${renames.join(', ')};`]),
      ]);
      return;
    } catch (error) {
      // 1205: somebody came in between; 1050, 1360, 1435: and made something meanwhile.
      const inTheWay = said(error, /\b(1205|1213|1050|1360|1435)\b/);
      if (!(error instanceof HomeportError) || !inTheWay || attempt === 6) throw error;
    }
  }
}
