import { z } from 'zod';
import { explain } from './explain.ts';
import {
  clientArgv,
  type MariadbClient,
  quoteIdentifier,
  quoteLiteral,
  runSql,
  withoutChatter,
} from './mariadb-client.ts';
import { said } from './server-down.ts';

const kinds = ['table', 'view', 'trigger', 'PROCEDURE', 'FUNCTION', 'event'] as const;
type Kind = (typeof kinds)[number];

/** What is in a database, by name. */
export type Objects = Readonly<Record<Kind, readonly string[]>>;

const objectLine = z.tuple([z.enum(kinds), z.string()]);

/** Packages (MariaDB's Oracle mode) are moved by nothing here, and dumped by nothing that MySQL shares. */
export async function objectsOf(client: MariadbClient, database: string): Promise<Objects> {
  const own = quoteLiteral(database);
  const sql = `SELECT JSON_ARRAY(IF(TABLE_TYPE = 'VIEW', 'view', 'table'), TABLE_NAME) FROM information_schema.TABLES
      WHERE TABLE_SCHEMA = ${own} AND TABLE_TYPE IN ('BASE TABLE', 'SYSTEM VERSIONED', 'SEQUENCE', 'VIEW') ORDER BY TABLE_NAME;
    SELECT JSON_ARRAY('trigger', TRIGGER_NAME) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${own};
    SELECT JSON_ARRAY(ROUTINE_TYPE, ROUTINE_NAME) FROM information_schema.ROUTINES
      WHERE ROUTINE_SCHEMA = ${own} AND ROUTINE_TYPE IN ('PROCEDURE', 'FUNCTION');
    SELECT JSON_ARRAY('event', EVENT_NAME) FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${own};`;
  const lines = await runSql(client, null, sql, `What is in ${database} could not be listed`);
  const found = lines.map((line) => objectLine.parse(JSON.parse(line)));
  const of = (kind: Kind) => found.flatMap(([one, name]) => (one === kind ? [name] : []));
  return {
    table: of('table'),
    view: of('view'),
    trigger: of('trigger'),
    PROCEDURE: of('PROCEDURE'),
    FUNCTION: of('FUNCTION'),
    event: of('event'),
  };
}

/** Statements that drop everything of a database but its tables; with `only`, that kind alone. */
export function dropObjectsSql(database: string, objects: Objects, only?: Kind): string[] {
  const within = quoteIdentifier(database);
  return kinds
    .filter((kind) => kind !== 'table' && (only === undefined || kind === only))
    .flatMap((kind) =>
      objects[kind].map((name) => `DROP ${kind.toUpperCase()} IF EXISTS ${within}.${quoteIdentifier(name)};`),
    );
}

/**
 * Everything of a database but its tables, as the server's own dump program writes it: the modes, character sets and
 * definers with which each was made. Can be run again over what it made. `lenient`: a view that no longer works is left
 * out, and said. Throws `HomeportError`.
 */
export async function scriptOf(
  client: MariadbClient,
  database: string,
  objects: Objects,
  lenient: boolean,
): Promise<string> {
  const parts = ['--no-create-info', '--routines', '--events', '--triggers', '--add-drop-trigger'];
  // The routines first: a view may call them.
  const script = await dumpText(client, database, parts, [], false);
  if (objects.view.length === 0) return script;
  return `${script}\n${await dumpText(client, database, ['--skip-triggers'], objects.view, lenient)}`;
}

async function dumpText(
  client: MariadbClient,
  database: string,
  parts: readonly string[],
  names: readonly string[],
  lenient: boolean,
): Promise<string> {
  const { host, signal, timeout, say } = client.context;
  const plain = ['--no-data', '--skip-lock-tables', '--no-tablespaces', ...(lenient ? ['--force'] : [])];
  const argv = clientArgv(client, 'dump', [...plain, ...parts, '--', database, ...names]);
  const result = await host.exec(argv, { timeout, signal, record: false });
  if (result.outcome === 'success') return result.stdout;
  const error = explain(
    withoutChatter(result),
    `The triggers, routines, events and views of ${database} could not be read`,
  );
  // 1356: a view refers to something that is gone.
  if (!lenient || !said(error, /\b1356\b/)) throw error;
  say(
    `${client.target.service}: a view of ${database} refers to something that is gone, and is not kept: ${error.message}`,
  );
  return result.stdout;
}
