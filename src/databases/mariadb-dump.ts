import { PassThrough } from 'node:stream';
import { HomeportError } from '../deployment/error.ts';
import type { ExecResult, PartialFile } from '../hosts/host.ts';
import type { DatabaseSchema } from './database.ts';
import { explain } from './explain.ts';
import type { DatabaseDefaults, ServerDescription } from './mariadb-catalog.ts';
import { clientArgv, type MariadbClient, withoutChatter } from './mariadb-client.ts';
import { headerOf, readHeader } from './mariadb-dump-text.ts';
import { stopLeftovers } from './mariadb-leftovers.ts';
import { readRows } from './mariadb-scratch.ts';
import { Beside, ChangedMeanwhile, type Seen } from './mariadb-session.ts';
import { firstBytes } from './record.ts';
import { said } from './server-down.ts';

export interface Dump {
  readonly partial: PartialFile;
  readonly bytes: number;
  readonly sha256: string;
  readonly rows: Record<string, number>;
  readonly schema: DatabaseSchema;
}

/** Whoever alters or drops a table just now is let through, and the dump starts over. Throws `HomeportError`. */
export async function dumpWhenQuiet(
  client: MariadbClient,
  file: string,
  server: ServerDescription,
  defaults: DatabaseDefaults,
): Promise<Dump> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await dumpOnce(client, file, server, defaults);
    } catch (error) {
      // 1412: table definition has changed; 1146: there is no such table any more; 1205: it stays locked.
      const inTheWay = error instanceof ChangedMeanwhile || said(error, /\b(1412|1146|1205)\b/);
      if (!inTheWay || attempt === 3) throw error;
      client.context.say(`${client.target.service}: a table was just being changed, starting the dump again`);
    }
  }
}

async function dumpOnce(
  client: MariadbClient,
  file: string,
  server: ServerDescription,
  defaults: DatabaseDefaults,
): Promise<Dump> {
  const { context } = client;
  let beside: Beside | null = null;
  let partial: PartialFile | null = null;
  try {
    partial = await context.host.files.createPartial(file, 0o600);
    partial.stream.write(headerOf(defaults));
    const dump = beginDump(client, partial, server);
    const isHeld = await (async () => {
      await dump.until('ready');
      const held = await tryHold(client, server);
      beside = held.beside;
      dump.begin();
      await dump.until('begun');
      if (held.isHeld) await held.beside.release();
      return held.isHeld;
    })().catch(async (error: unknown) => {
      dump.end();
      await stopLeftovers(client);
      await dump.over;
      throw error;
    });
    const looking = (beside as Beside | null)?.look(server, isHeld);
    const [dumped, seen] = await Promise.allSettled([dump.over, looking]);
    if (dumped.status === 'rejected') throw dumped.reason;
    if (dumped.value.outcome !== 'success') throw failed(client, dumped.value);
    if (seen.status === 'rejected') throw seen.reason;
    if (seen.value === undefined) throw new Error('unreachable: the session was opened before the dump began');
    await (beside as Beside | null)?.end(server, seen.value.schema);
    const written = await partial.finish();
    await checkHeader(client, partial.partialPath);
    const rows = await rowsOf(client, seen.value, partial.partialPath);
    return { partial, ...written, rows, schema: seen.value.schema };
  } catch (error) {
    await partial?.discard();
    // First what holds the session: it may be in the middle of a count.
    await stopLeftovers(client);
    await (beside as Beside | null)?.abandon();
    throw error;
  }
}

type Moment = 'ready' | 'begun';

interface RunningDump {
  /** Resolves when the program is at the moment; throws `HomeportError` when it ends before it. */
  until(moment: Moment): Promise<void>;
  begin(): void;
  /** Gives up before it began. */
  end(): void;
  readonly over: Promise<ExecResult>;
}

/** The program waits at its very start, so that writers are kept waiting for its snapshot alone. */
function beginDump(client: MariadbClient, partial: PartialFile, server: ServerDescription): RunningDump {
  const { target, context } = client;
  const { timeout, signal } = context;
  const input = new PassThrough();
  input.on('error', () => {});
  const moments = { ready: Promise.withResolvers<void>(), begun: Promise.withResolvers<void>() };
  const words = [
    '--verbose',
    '--single-transaction',
    '--quick',
    '--routines',
    '--triggers',
    '--events',
    '--no-tablespaces',
    '--comments',
    '--max-allowed-packet=1073741824',
    // Names us in the list of what the server is at.
    `--where=1 /* ${client.marker} */`,
    ...(server.isMariadb ? [] : ['--set-gtid-purged=OFF', '--loose-column-statistics=0']),
    '--',
    target.database,
  ];
  const over = context.host.exec(clientArgv(client, 'wait', words), {
    input,
    output: partial.stream,
    timeout,
    signal,
    changes: true,
    onLine: (line, stream) => {
      if (stream !== 'stderr') return;
      if (line === 'homeport-ready') moments.ready.resolve();
      // Both dump programs say so once their snapshot is taken, and not before.
      else if (/^-- (Setting savepoint|Retrieving table structure)/.test(line)) moments.begun.resolve();
    },
  });
  return {
    over,
    begin: () => {
      input.end('begin\n');
    },
    end: () => {
      input.end();
    },
    until: async (moment) => {
      const first = await Promise.race([moments[moment].promise, over]);
      if (first === undefined) return;
      // A database without tables may be through before its progress is read.
      if (first.outcome !== 'success') throw failed(client, first);
    },
  };
}

/** With nobody writing where the user may see to that; else alone, and it says so. */
async function tryHold(client: MariadbClient, server: ServerDescription): Promise<{ beside: Beside; isHeld: boolean }> {
  const { target, context } = client;
  const beside = await Beside.open(client);
  let why = `${target.user ?? 'the user'} lacks the privilege RELOAD`;
  if (server.privileges.has('RELOAD')) {
    try {
      await beside.hold();
      return { beside, isHeld: true };
    } catch (error) {
      if (!said(error, /\b(1205|1227|1223)\b/)) throw error;
      why = 'somebody holds a lock for longer than writers may be kept waiting';
      await beside.abandon();
    }
  }
  context.say(
    `${target.service}: rows are counted in the dump itself, not beside it in the database: ${why}, so there is no moment that both share`,
  );
  return { beside: why.startsWith('somebody') ? await Beside.open(client) : beside, isHeld: false };
}

/** Of the dump's own moment: counted beside it, or in what it wrote. Throws `HomeportError`. */
async function rowsOf(client: MariadbClient, { rows, tables }: Seen, path: string): Promise<Record<string, number>> {
  const loose = tables.filter(({ transactional }) => !transactional).map(({ name }) => name);
  if (rows !== null && loose.length === 0) return rows;
  if (loose.length > 0) {
    client.context.say(
      `${client.target.service}: ${loose.join(', ')} can't be held still by a snapshot (no InnoDB): each is in the backup as it was when its turn came`,
    );
  }
  const found = await readRows(client, path);
  return { ...found, ...rows };
}

async function checkHeader(client: MariadbClient, path: string): Promise<void> {
  const head = await firstBytes(client.context.host, path, 400);
  if (readHeader(head.toString('latin1')) !== null) return;
  throw new HomeportError(`The dump of ${client.target.database} ended well but is no dump.`, {
    hint: `See what \`docker exec ${client.target.container} mariadb-dump --version\` says.`,
  });
}

function failed(client: MariadbClient, result: ExecResult): HomeportError {
  return explain(withoutChatter(result), `${client.target.database} could not be dumped`);
}
