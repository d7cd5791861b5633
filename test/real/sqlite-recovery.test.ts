import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseTarget } from '../../src/databases/database.ts';
import { sqlite } from '../../src/databases/sqlite.ts';
import { runOnHost } from '../../src/databases/sqlite-runner.ts';
import type { Host } from '../../src/hosts/host.ts';
import { dyingHost, isChange } from '../databases/dying-host.ts';
import { migrations } from '../databases/schemas.ts';
import { inNode, inPython, inShell, type Swapping } from '../databases/swapping.ts';
import type { WorkToKill } from '../databases/work-to-kill.ts';
import { DatabaseLab, until } from '../support/databases.ts';
import { hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
/** A container that has the folder `data` mounted at the same path. */
let app: DatabaseTarget;
let data: string;
let backups: string;
let busybox: string;
let imageId: string;

beforeAll(async () => {
  await lab.prepare();
  [data = '', backups = ''] = ['data', 'backups'].map((name) => join(lab.folder, name));
  for (const folder of [data, backups]) mkdirSync(folder);
  const flags = ['--init', '-v', `${data}:${data}`, '--label', `com.docker.compose.project=${lab.name}`];
  // As Compose labels what it builds.
  const dockerfile = `FROM python:3.11-slim\nLABEL com.docker.compose.project=${lab.name} com.docker.compose.service=app`;
  const built = await lab.host.exec(['docker', 'build', '--quiet', '-'], { input: dockerfile, timeout: 120_000 });
  imageId = built.stdout.trim();
  const container = await lab.start(imageId, flags, ['sleep', '1000']);
  app = { kind: 'sqlite', service: 'app', container, imageId, database: 'app.db', path: join(data, 'app.db') };
  busybox = await lab.start('busybox:stable', ['--init', '-v', `${data}:${data}`], ['sleep', '1000']);
});
afterAll(async () => {
  // A test that failed may have left one standing.
  for (const id of await helpers()) await lab.docker('rm', '--force', id);
  await lab.remove();
  await lab.docker('image', 'rm', imageId);
});
afterEach(() => {
  for (const folder of [data, backups]) {
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
});

const inData = (name: string) => join(data, name);

function make(file: string, which: string): void {
  const db = new DatabaseSync(file);
  db.exec(`CREATE TABLE t (which); INSERT INTO t VALUES ('${which}')`);
  db.close();
}

function which(file: string): unknown {
  const db = new DatabaseSync(file);
  try {
    return db.prepare('SELECT which FROM t').get()?.which;
  } finally {
    db.close();
  }
}

/** What is there, with the contents: two of the same are the same. */
function contents(): Record<string, string> {
  return Object.fromEntries(readdirSync(data).map((name) => [name, readFileSync(inData(name), 'latin1')]));
}

const logs = ['-wal', '-shm', '-journal'];
const [fresh, kept] = ['new', 'kept'];

interface State {
  readonly unreadable: boolean;
  readonly prepare: () => void;
  /** What must be true where nothing happened, and where the swap was done. */
  readonly before: () => void;
  readonly swapped: () => void;
}

const everyFile = ['', ...logs];
const garbage = (suffix: string) => `garbage${suffix}`.repeat(200);

const states: Record<string, State> = {
  'a database whose application was killed': {
    unreadable: false,
    prepare: () => {
      make(inData('seed.db'), 'seed');
      const db = new DatabaseSync(inData('seed.db'));
      db.exec("PRAGMA journal_mode=WAL; UPDATE t SET which = 'in the log'");
      for (const suffix of ['', '-wal']) copyFileSync(inData(`seed.db${suffix}`), inData(`app.db${suffix}`));
      db.close();
      rmSync(inData('seed.db'));
    },
    before: () => expect(which(inData('app.db'))).toBe('in the log'),
    swapped: () => expect(which(inData(kept))).toBe('in the log'),
  },
  'a file that SQLite can not read, with logs': {
    unreadable: true,
    prepare: () => {
      for (const suffix of everyFile) writeFileSync(inData(`app.db${suffix}`), garbage(suffix));
    },
    before: () =>
      expect(contents()).toEqual(Object.fromEntries(everyFile.map((suffix) => [`app.db${suffix}`, garbage(suffix)]))),
    swapped: () => {
      for (const suffix of everyFile) expect(contents()[`${kept}${suffix}`]).toBe(garbage(suffix));
    },
  },
  'no database, and the log of one': {
    unreadable: false,
    prepare: () => writeFileSync(inData('app.db-wal'), 'orphan'),
    before: () => expect(contents()).toEqual({ 'app.db-wal': 'orphan' }),
    swapped: () => {
      expect(existsSync(inData(kept))).toBe(false);
      expect(contents()[`${kept}-wal`]).toBe('orphan');
    },
  },
};

const interpreters: [string, () => Swapping][] = [
  ['Node', () => inNode(lab.host)],
  ['Python', () => inPython(lab.host, app.container)],
  ['a shell', () => inShell(lab.host, busybox)],
];

describe.each(interpreters)('a swap of SQLite by %s', (_program, run) => {
  const paths = () => [fresh, 'app.db', kept].map(inData);
  const end = (said: string) => /^end (.*)$/m.exec(said)?.[1];

  it.each(Object.entries(states))('that is killed anywhere leaves one whole database: %s', async (name, state) => {
    const { unreadable, prepare, before, swapped } = state;
    const ends: (string | undefined)[] = [];
    for (let killAt = 1; ; killAt += 1) {
      for (const file of readdirSync(data)) rmSync(inData(file));
      prepare();
      make(inData(fresh), 'restored');
      const restored = contents()[fresh];
      const swap = await run()(['swap', ...paths()], killAt, unreadable);
      // Recovery of the most files is killed too, each time a step later, until it comes to its end.
      let recovered = await run()(['recover', ...paths()], unreadable ? 1 : 0, unreadable);
      for (let again = 2; recovered.outcome !== 'success'; again += 1) {
        recovered = await run()(['recover', ...paths()], again, unreadable);
      }
      const isNew = contents()['app.db'] === restored;
      const said = end(recovered.stdout);
      // One that was killed at its last step has left nothing for the next one to tell.
      ends.push(said === 'nothing' && !isNew ? 'undone' : said);
      if (isNew) swapped();
      else before();
      expect(readdirSync(data).filter((file) => file === fresh || (isNew && file.startsWith('app.db-')))).toEqual([]);
      if (swap.outcome === 'success') break;
    }
    // Without a database before nothing is left that tells of a restore which came to its very end.
    expect(ends.join(' ')).toMatch(name.startsWith('no ') ? /^(undone )+(finished )*nothing/ : /^(undone )+finished/);
  });

  it.each(Object.entries(states))('is undone where somebody has removed the new file: %s', async (_name, state) => {
    state.prepare();
    expect((await run()(['swap', ...paths()], 0, state.unreadable)).outcome).toBe('failed');
    const { stdout } = await run()(['recover', ...paths()], 0, state.unreadable);
    expect(end(stdout)).toBe('undone');
    state.before();
  });

  it('does not put a log back over that of a writer', async () => {
    states['a file that SQLite can not read, with logs']?.prepare();
    make(inData(fresh), 'restored');
    await run()(['swap', ...paths()], 0, true);
    copyFileSync(inData('app.db'), inData(fresh));
    writeFileSync(inData('app.db-wal'), 'of a writer');
    const { stdout } = await run()(['recover', ...paths()], 0, true);
    expect(stdout).toMatch(/^stays -wal$/m);
    expect(end(stdout)).toBe('undone');
    expect(contents()).toMatchObject({ 'app.db-wal': 'of a writer', 'app.db-shm': garbage('-shm') });
  });
});

describe('a restore of SQLite that was killed', () => {
  const stamp = '20260101T000000Z';
  const running = async () => (await lab.docker('inspect', '--format', '{{.State.Running}}', app.container)) === 'true';

  it('after whichever change leaves one whole database, and the answer says which', async () => {
    make(inData('app.db'), 'old');
    const record = await sqlite.backup(app, lab.options({ folder: backups, verify: 'none' }), lab.context());
    new DatabaseSync(inData('app.db')).exec("UPDATE t SET which = 'new'");
    const ends: string[] = [];
    for (let change = 1; ; change += 1) {
      const { host, died } = dyingHost(lab.host, isChange(change));
      await sqlite.restore(app, record, stamp, { ...lab.context(), host }).catch(() => {});
      if (!died()) break;
      const end = await sqlite.recoverRestore(app, stamp, lab.context());
      ends.push(end);
      expect(which(inData('app.db'))).toBe(end === 'finished' ? 'old' : 'new');
      expect(readdirSync(data)).toEqual(['app.db', ...(end === 'finished' ? [`app.db.homeport-before-${stamp}`] : [])]);
      if (end === 'finished') {
        rmSync(inData(`app.db.homeport-before-${stamp}`));
        new DatabaseSync(inData('app.db')).exec("UPDATE t SET which = 'new'");
      }
      if (!(await running())) await lab.docker('start', app.container);
    }
    expect(ends.join(' ')).toMatch(/^(undone )+finished finished$/);
  });

  it('while its helper was at work in a container is undone, though the service stands still', async () => {
    make(inData('app.db'), 'old');
    const record = await sqlite.backup(app, lab.options({ folder: backups, verify: 'none' }), lab.context());
    const child = begin({ target: app, folder: backups, restore: { record, stamp }, withoutAccess: true });
    await pauseHelper();
    await kill(child);
    writeFileSync(inData(`app.db.homeport-restore-${stamp}`), 'half of it');
    await lab.docker('stop', app.container);
    const context = { ...lab.context(), host: withoutAccess(lab.host) };
    expect(await sqlite.recoverRestore(app, stamp, context)).toBe('undone');
    expect(await helpers()).toEqual([]);
    expect(readdirSync(data)).toEqual(['app.db']);
    await lab.docker('start', app.container);
  });

  it('is no restore when the schema is another one', async () => {
    make(inData('app.db'), 'old');
    const record = await sqlite.backup(app, lab.options({ folder: backups }), lab.context());
    const schema = { digest: 'a'.repeat(64), dialect: 'sqlite', version: null };
    const restored = sqlite.restore(app, { ...record, databaseSchema: schema }, stamp, lab.context());
    await expect(restored).rejects.toThrow(/The schema differs in the backup file/);
    expect(readdirSync(data)).toEqual(['app.db']);
  });
});

describe('what a killed backup of SQLite left', () => {
  it('goes while its helper is still at work in a container, again and again', async () => {
    make(inData('app.db'), 'old');
    const child = begin({ target: app, folder: backups, withoutAccess: true });
    await pauseHelper();
    await kill(child);
    const labelled = `label=com.docker.compose.project=${lab.name}`;
    expect(await lab.docker('ps', '--quiet', '--no-trunc', '--filter', labelled)).toBe(app.container);
    writeFileSync(join(backups, 'app-app.db-20260101T000000Z.sqlite.partial'), '');
    await sqlite.forget(app, backups, lab.context());
    expect(await helpers()).toEqual([]);
    expect(readdirSync(backups)).toEqual([]);
    await sqlite.forget(app, backups, lab.context());
  });
});

describe('the schema of SQLite', () => {
  it('has the version of the migration tool', async () => {
    const version = async (statements: string) => {
      rmSync(inData('app.db'), { force: true });
      const db = new DatabaseSync(inData('app.db'));
      db.exec(statements);
      db.close();
      return (await runOnHost(app, 'verify', [inData('app.db'), 'none'], lab.context())).schema.version;
    };
    for (const [tool, statements, expected] of migrations) {
      expect([tool, await version(statements)]).toEqual([tool, expected]);
    }
    expect(await version('CREATE TABLE t (i); PRAGMA user_version = 7')).toBe('7 (user_version)');
  });

  it('is another one with an index more', async () => {
    make(inData('app.db'), 'x');
    const back = async () => await sqlite.backup(app, lab.options({ folder: backups, verify: 'none' }), lab.context());
    const [first, again] = [await back(), await back()];
    expect(first.databaseSchema).toMatchObject({ dialect: 'sqlite', version: null });
    expect(again.databaseSchema).toEqual(first.databaseSchema);
    new DatabaseSync(inData('app.db')).exec('CREATE INDEX i ON t (which)');
    expect((await back()).databaseSchema?.digest).not.toBe(first.databaseSchema?.digest);
  });
});

function begin(work: WorkToKill): ChildProcess {
  const program = join(import.meta.dirname, '../databases/work-to-kill.ts');
  return spawn(process.execPath, [program, JSON.stringify(work)], { stdio: 'ignore', detached: true });
}

/** Homeport with the commands that it had started on the host. */
async function kill(child: ChildProcess): Promise<void> {
  process.kill(-(child.pid ?? 0), 'SIGKILL');
  await once(child, 'exit');
}

async function helpers(): Promise<string[]> {
  const filters = ['--filter', 'label=homeport.helper=sqlite', '--filter', `label=homeport.project=${lab.name}`];
  const listed = await lab.docker('ps', '--all', '--quiet', '--no-trunc', ...filters);
  return listed.split('\n').filter((id) => id !== '');
}

/** Catches the helper at its work, and leaves it there. */
async function pauseHelper(): Promise<void> {
  await until(async () => {
    const [helper] = await helpers();
    return (
      helper !== undefined &&
      (await lab.host.exec(['docker', 'pause', helper], { timeout: 30_000 })).outcome === 'success'
    );
  });
}

/** As it is for a user who may use Docker but not look into its folders. */
function withoutAccess(host: Host): Host {
  return hostWith(host, process.execPath, (argv) => ({
    argv: argv.includes('look') ? ['setpriv', '--reuid=54321', '--regid=54321', '--clear-groups', ...argv] : argv,
  }));
}
