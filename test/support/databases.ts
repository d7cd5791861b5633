import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { BackupOptions, DatabaseContext, DatabaseTarget } from '../../src/databases/database.ts';
import { HomeportError } from '../../src/deployment/error.ts';
import type { ExecResult, Host } from '../../src/hosts/host.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

/** What one test file starts, all under names of its own; `remove` takes exactly that away again. */
export class DatabaseLab {
  readonly name = `homeport-test-${randomBytes(5).toString('hex')}`;
  readonly host: Host = new LocalHost({ redactor: new Redactor() });
  readonly lines: string[] = [];
  folder = '';
  readonly #containers: string[] = [];
  readonly #volumes: string[] = [];

  async prepare(): Promise<void> {
    this.folder = await mkdtemp(join(tmpdir(), `${this.name}-`));
  }

  context(signal: AbortSignal = new AbortController().signal): DatabaseContext {
    return { host: this.host, signal, timeout: 120_000, say: (line) => this.lines.push(line) };
  }

  options(more: Partial<BackupOptions> = {}): BackupOptions {
    return { project: 'shop', release: null, folder: this.folder, verify: 'restore', at: new Date(), ...more };
  }

  async docker(...words: string[]): Promise<string> {
    const result = await this.host.exec(['docker', ...words], { timeout: 120_000 });
    if (result.outcome !== 'success') throw new Error(`docker ${words.join(' ')}: ${result.tail}`);
    return result.stdout.trim();
  }

  async exec(container: string, words: readonly string[], input?: string): Promise<ExecResult> {
    const options = { timeout: 120_000, ...(input === undefined ? {} : { input }) };
    return await this.host.exec(['docker', 'exec', '-i', container, ...words], options);
  }

  /** Starts a container and gives its ID. */
  async start(image: string, flags: readonly string[], command: readonly string[] = []): Promise<string> {
    const name = `${this.name}-${this.#containers.length}`;
    const id = await this.docker('run', '-d', '--name', name, ...flags, image, ...command);
    this.#containers.push(id);
    return id;
  }

  async volume(): Promise<string> {
    const name = await this.docker('volume', 'create', `${this.name}-${this.#volumes.length}`);
    this.#volumes.push(name);
    return name;
  }

  async imageOf(container: string): Promise<string> {
    return await this.docker('inspect', '--format', '{{.Image}}', container);
  }

  /** A PostgreSQL that takes connections, as a target. */
  async postgres(flags: readonly string[] = [], more: Partial<DatabaseTarget> = {}): Promise<DatabaseTarget> {
    const settings = ['-c', 'fsync=off'];
    const container = await this.start('postgres:15', ['-e', 'POSTGRES_PASSWORD=not-to-be-seen', ...flags], settings);
    await this.untilReady(container);
    const imageId = await this.imageOf(container);
    return { kind: 'postgres', service: 'db', container, imageId, database: 'postgres', user: 'postgres', ...more };
  }

  /** A MariaDB that takes connections, as a target. */
  async mariadb(
    flags: readonly string[] = [],
    more: Partial<DatabaseTarget> = {},
    settings: readonly string[] = [],
  ): Promise<DatabaseTarget> {
    const quick = ['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=32M', ...settings];
    const own = ['-e', 'MARIADB_ROOT_PASSWORD=not-to-be-seen', '-e', 'MARIADB_DATABASE=shop'];
    const container = await this.start('mariadb:11', [...own, ...flags], ['mariadbd', ...quick]);
    await this.untilMariadbReady(container);
    const imageId = await this.imageOf(container);
    return { kind: 'mariadb', service: 'db', container, imageId, database: 'shop', user: 'root', ...more };
  }

  /** Over TCP too. */
  async untilMariadbReady(container: string): Promise<void> {
    const ask = 'MYSQL_PWD=not-to-be-seen exec mariadb -u root -h "$(hostname -i)" -e "SELECT 1"';
    const isReady = async () => (await this.exec(container, ['sh', '-c', ask])).outcome === 'success';
    await until(isReady, () => this.told(container));
  }

  /**
   * Kills the programs of this name in a container (`null`: its first one, and so all). Not through Docker: it would wait
   * for whoever reads what a command in the container prints, and after 10 seconds say that it is done when it is not.
   */
  async kill(container: string, program: string | null): Promise<void> {
    const first = await this.docker('inspect', '--format', '{{.State.Pid}}', container);
    const listed = (await this.docker('top', container, '-eo', 'pid,comm')).split('\n').slice(1);
    const named = listed.map((line) => line.trim().split(/\s+/)).filter(([, name]) => name === program);
    const pids = program === null ? [first] : named.map(([pid]) => pid);
    if (pids.length === 0) throw new Error(`no ${program} runs in ${container}`);
    for (const pid of pids) process.kill(Number(pid), 'SIGKILL');
  }

  /** Starts a container again that was killed: only once Docker knows of it, which else takes it for running. */
  async startAgain(container: string): Promise<void> {
    await this.docker('wait', container);
    await this.docker('start', container);
  }

  /** How a container is, and the end of its log. */
  async told(container: string): Promise<string> {
    const state = await this.docker('inspect', '--format', '{{json .State}}', container);
    const log = await this.host.exec(['docker', 'logs', '--tail', '30', container], { timeout: 30_000 });
    return `${state}\n${log.stdout}${log.stderr}`;
  }

  /** Runs statements as root and gives what they print. */
  async mariadbSql(target: DatabaseTarget, statements: string, database = target.database): Promise<string> {
    const words = ['-BN', '--raw', '--binary-mode', `--database=${database}`];
    const result = await this.mariadbClient(target.container, words, statements);
    if (result.outcome !== 'success') throw new Error(`mariadb: ${result.tail}`);
    return result.stdout.trim();
  }

  /** Every row of every table of a database, and all that is no table, as text. */
  async mariadbContents(target: DatabaseTarget, database = target.database): Promise<string> {
    const words = ['--skip-comments', '--skip-dump-date', '--routines', '--events', '--triggers', '--hex-blob'];
    const dump = 'MYSQL_PWD=not-to-be-seen exec mariadb-dump -u root --default-character-set=utf8mb4 "$@"';
    const result = await this.exec(target.container, ['sh', '-c', dump, 'dump', ...words, '--', database]);
    if (result.outcome !== 'success') throw new Error(`mariadb-dump: ${result.tail}`);
    return result.stdout;
  }

  async mariadbClient(container: string, words: readonly string[], input?: string): Promise<ExecResult> {
    const run = 'MYSQL_PWD=not-to-be-seen exec mariadb -u root --default-character-set=utf8mb4 "$@"';
    return await this.exec(container, ['sh', '-c', run, 'mariadb', ...words], input);
  }

  /** Over TCP, for the server that only sets the cluster up listens on its socket alone. */
  async untilReady(container: string): Promise<void> {
    const ask = ['pg_isready', '-q', '-h', '127.0.0.1'];
    const isReady = async () => (await this.exec(container, ask)).outcome === 'success';
    await until(isReady, () => this.told(container));
  }

  /** Runs statements as the server's superuser and gives what they print, unaligned. */
  async sql(target: DatabaseTarget, statements: string, database = target.database): Promise<string> {
    const connection = `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
    const words = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-U', target.user ?? 'postgres', '-d', connection];
    const result = await this.exec(target.container, words, statements);
    if (result.outcome !== 'success') throw new Error(`psql: ${result.tail}`);
    return result.stdout.trim();
  }

  async remove(): Promise<void> {
    for (const id of this.#containers) await this.host.exec(['docker', 'rm', '-fv', id], { timeout: 60_000 });
    for (const name of this.#volumes) await this.host.exec(['docker', 'volume', 'rm', name], { timeout: 60_000 });
    if (this.folder !== '') await rm(this.folder, { recursive: true, force: true });
  }
}

/** Awaits a condition, asked again every 50 ms; throws after a minute, with what `tell` says then. */
export async function until(
  condition: () => Promise<boolean> | boolean,
  tell: () => Promise<string> = async () => '',
): Promise<void> {
  const end = Date.now() + 60_000;
  for (let asked = 1; !(await condition()); asked += 1) {
    if (Date.now() > end) {
      throw new Error(`the condition did not come true within a minute, asked ${asked} times\n${await tell()}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What work that must fail says, which must be fit for people. */
export async function failure(work: Promise<unknown>): Promise<HomeportError> {
  const error = await work.then(
    () => null,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(HomeportError);
  return error as HomeportError;
}
