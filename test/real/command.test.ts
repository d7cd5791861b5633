import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { command } from '../../src/databases/command.ts';
import type { BackupRecord } from '../../src/databases/database.ts';
import { readRecord } from '../../src/databases/record.ts';
import { CancelledError, HomeportError } from '../../src/deployment/error.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import type { WorkToKill } from '../databases/work-to-kill.ts';
import { DatabaseLab, until } from '../support/databases.ts';
import { expectVerdict } from '../support/expectations.ts';
import { cutAfter, hostWith } from '../support/faulty-host.ts';
import { makeProject, type Project } from '../support/project.ts';
import { Store } from '../support/store.ts';

const lab = new DatabaseLab();
let store: Store;
let backups: string;

beforeAll(async () => {
  await lab.prepare();
  store = new Store(lab);
  await store.start();
  backups = join(lab.folder, 'backups');
});
afterAll(async () => await lab.remove());
beforeEach(() => {
  rmSync(backups, { recursive: true, force: true });
  mkdirSync(backups);
  for (const name of ['slow', 'fail', 'cut', 'quiet', 'half']) rmSync(join(store.data, name), { force: true });
});

const stamp = '20250101T000000Z';
const rowsFile = () => join(store.data, 'rows');
const rows = () => readFileSync(rowsFile(), 'utf8').trimEnd().split('\n');
const names = () => readdirSync(backups).sort();
const half = () => existsSync(join(store.data, 'half'));
const backup = (more: Parameters<DatabaseLab['options']>[0] = {}, context = lab.context()) =>
  command.backup(store.target, lab.options({ folder: backups, ...more }), context);
const restore = (record: BackupRecord, context = lab.context()) =>
  command.restore(store.target, record, stamp, context);
const recover = () => command.recoverRestore(store.target, stamp, lab.context(), backups);

async function failure(work: Promise<unknown>): Promise<HomeportError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error instanceof HomeportError) return error;
  throw new Error(`no failure that is told: ${error}`);
}

/** A backup, and rows that came after it. */
async function backupAndMore(): Promise<{ record: BackupRecord; later: string[] }> {
  await until(() => existsSync(rowsFile()) && rows().length > 50);
  const record = await backup();
  const count = record.rows['rows of the store'] ?? 0;
  await until(() => rows().length > count + 20);
  await store.quiet();
  return { record, later: rows() };
}

function begin(work: Partial<WorkToKill>): ChildProcess {
  const program = fileURLToPath(new URL('../databases/work-to-kill.ts', import.meta.url));
  const all = { target: store.target, folder: backups, ...work };
  return spawn(process.execPath, [program, JSON.stringify(all)], { stdio: 'inherit' });
}

async function kill(child: ChildProcess): Promise<void> {
  const ended = once(child, 'exit');
  child.kill('SIGKILL');
  await ended;
}

describe('a backup by commands', () => {
  it('holds one moment of a service that is written to, counted by its check, readable for this user alone', async () => {
    await until(() => existsSync(rowsFile()) && rows().length > 50);
    const before = rows().length;
    const record = await backup();
    const after = rows().length;
    const lines = readFileSync(record.file, 'utf8').trimEnd().split('\n');
    const count = lines.length - 2;
    expect(lines).toEqual(['store', ...rows().slice(0, count), `end ${count}`]);
    expect(count).toBeGreaterThanOrEqual(before);
    expect(count).toBeLessThanOrEqual(after);
    expect(record.rows).toEqual({ 'rows of the store': count });
    expect(record.verified).toBe('read');
    expect(await readRecord(lab.host, record.file)).toEqual(record);
    for (const name of names()) expect(statSync(join(backups, name)).mode & 0o777).toBe(0o600);
  });

  it('counts nothing and claims nothing where no verification is asked for', async () => {
    expect(await backup({ verify: 'none' })).toMatchObject({ verified: 'none', rows: {} });
  });

  it('is none when its check says no, and leaves nothing', async () => {
    store.set('cut');
    const error = await failure(backup());
    expect(error.message).toBe('`check` of store failed: error: this is no whole dump');
    expect(names()).toEqual([]);
  });

  it('is none when the dump fails, and leaves nothing', async () => {
    const { commands } = store.target;
    if (commands === undefined) throw new Error('no commands');
    const broken = { ...store.target, commands: { ...commands, dump: `PASSWORD= ${commands.dump}` } };
    const options = lab.options({ folder: backups });
    expect((await failure(command.backup(broken, options, lab.context()))).message).toContain('error: no password');
    const silent = { ...store.target, commands: { ...commands, dump: 'true' } };
    expect((await failure(command.backup(silent, options, lab.context()))).message).toContain('wrote nothing');
    expect(names()).toEqual([]);
  });

  it('is none when what the dump wrote was cut off on its way', async () => {
    const host = hostWith(lab.host, store.target.commands?.dump ?? '', (_argv, options) => ({
      options: { ...options, output: cutAfter(options.output, 20) },
    }));
    expect((await failure(backup({}, { ...lab.context(), host }))).message).toContain('`check` of store failed');
    expect(names()).toEqual([]);
  });

  it('says that the disk is full, and leaves nothing', async () => {
    await until(() => existsSync(rowsFile()) && rows().length > 50);
    await store.quiet();
    writeFileSync(rowsFile(), `${rows()[0]}\n`.repeat(400_000));
    const small = join(backups, 'small');
    mkdirSync(small);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', lab.name, small]);
    try {
      const error = await failure(backup({ folder: small }));
      expect(error.message).toContain('the disk is full');
      expect(readdirSync(small)).toEqual([]);
    } finally {
      execFileSync('umount', [small]);
      writeFileSync(rowsFile(), '0\n');
    }
  });

  it('that is killed leaves nothing behind, neither here nor in the container, once it was forgotten', async () => {
    const { commands } = store.target;
    if (commands === undefined) throw new Error('no commands');
    const slow = { ...store.target, commands: { ...commands, dump: 'echo begun; sleep 600; : store.py dump' } };
    const child = begin({ target: slow });
    const sleeping = async () => {
      const seen = await lab.exec(slow.container, ['sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "']);
      return seen.stdout.includes('sleep 600');
    };
    await until(sleeping);
    await kill(child);
    expect(await sleeping()).toBe(true);
    await command.forget(slow, backups, lab.context());
    await until(async () => !(await sleeping()));
    expect(names()).toEqual([]);
  });
});

describe('a restore by commands', () => {
  it('brings the dump back, and keeps what was there as a backup that can be restored in its turn', async () => {
    const { record, later } = await backupAndMore();
    const result = await restore(record);
    expect(rows()).toHaveLength(record.rows['rows of the store'] ?? 0);
    const kept = join(backups, `store-rows-${stamp}.before`);
    expect(result.kept).toBe(kept);
    expect(result.removeCommand).toBe(`rm -- ${kept} ${kept}.json`);
    expect(await recover()).toBe('finished');

    const again = await command.restore(
      store.target,
      await readRecord(lab.host, kept),
      '20250102T000000Z',
      lab.context(),
    );
    expect(rows()).toEqual(later);
    expect(again.rows).toEqual({ 'rows of the store': later.length });
  });

  it.each([
    ['20 bytes long', (file: string) => truncateSync(file, 20), 'has 20 bytes instead of'],
    [
      'damaged',
      (file: string) => writeFileSync(file, readFileSync(file, 'utf8').replace('store', 'stone')),
      'its sha256 is',
    ],
  ])('of a file that is %s touches nothing', async (_how, damage, said) => {
    const { record, later } = await backupAndMore();
    damage(record.file);
    expect((await failure(restore(record))).message).toContain(said);
    expect(rows()).toEqual(later);
    expect(names()).toEqual([basename(record.file), `${basename(record.file)}.json`]);
  });

  it('that fails half-way puts back what was there', async () => {
    const { record, later } = await backupAndMore();
    store.set('fail');
    expect((await failure(restore(record))).message).toBe('`restore` of store failed: error: the disk said no');
    expect(half()).toBe(true);
    expect(rows()).toEqual(later);
    expect(names()).toEqual([basename(record.file), `${basename(record.file)}.json`]);
  });

  it('that is cancelled half-way puts back what was there, and nothing of it runs on', async () => {
    const { record, later } = await backupAndMore();
    store.set('slow');
    const cancel = new AbortController();
    const restoring = failure(restore(record, lab.context(cancel.signal)));
    await until(half);
    cancel.abort();
    expect(await restoring).toBeInstanceOf(CancelledError);
    expect(rows()).toEqual(later);
    expect(await store.commands()).toEqual([]);
  });

  it('whose container is killed half-way starts it and puts back what was there', async () => {
    const { record, later } = await backupAndMore();
    store.set('slow');
    const restoring = failure(restore(record));
    await until(half);
    await lab.docker('kill', store.target.container);
    expect((await restoring).message).toContain('`restore` of store failed');
    expect(rows()).toEqual(later);
  });

  it('that is killed half-way is undone by recovery, again and again the same', async () => {
    const { record, later } = await backupAndMore();
    store.set('slow');
    const child = begin({ restore: { record, stamp } });
    await until(half);
    await kill(child);
    expect(await store.commands()).not.toEqual([]);
    expect(rows().length).toBeLessThan(later.length);
    expect(await recover()).toBe('undone');
    expect(await store.commands()).toEqual([]);
    expect(rows()).toEqual(later);
    expect(await recover()).toBe('nothing');
    expect(names()).toEqual([basename(record.file), `${basename(record.file)}.json`]);
  });

  it('that was never begun leaves nothing for recovery', async () => {
    const { later } = await backupAndMore();
    expect(await recover()).toBe('nothing');
    expect(rows()).toEqual(later);
  });
});

it('no command line of the host holds what is in the environment of the container', async () => {
  const seen: string[] = [];
  const host = new LocalHost({ redactor: new Redactor() });
  const watching = {
    name: host.name,
    files: host.files,
    exec: async (...words: Parameters<LocalHost['exec']>) => {
      seen.push(words[0].join(' '));
      return await host.exec(...words);
    },
  };
  await backup({}, { ...lab.context(), host: watching });
  expect(seen.length).toBeGreaterThan(0);
  expect(seen.join('\n')).not.toContain('not-to-be-seen');
});

describe('a project that is backed up by commands', () => {
  let project: Project;
  const compose = (version: string) => `services:
  store:
    image: python:3.11-slim
    init: true
    command: python /code/store.py serve
    environment: {PASSWORD: not-to-be-seen}
    volumes: ['${store.data}:/data', '${store.code}:/code:ro']
    restart: unless-stopped
  app:
    build: app
    restart: unless-stopped
    stop_grace_period: 1s
    environment: {VERSION: ${version}}
`;
  const files = (version: string) => ({
    'compose.yaml': compose(version),
    'app/Dockerfile': 'FROM python:3.11-slim\nCMD ["sleep", "infinity"]\n',
    'homeport.yml': JSON.stringify({ backup: [{ service: 'store', kind: 'command', command: store.target.commands }] }),
  });

  beforeAll(async () => {
    await until(() => existsSync(rowsFile()) && rows().length > 50);
    await store.quiet();
    project = await makeProject({ files: files('v1'), name: 'commands' });
    await project.deploy();
  });
  afterAll(async () => await project?.cleanUp());

  const flags = ['--rollback-database', '--migrate', 'app: test -e /nowhere'];

  it('goes back to the backup that was made after the writers had stopped', async () => {
    await store.quiet();
    const before = rows();
    await project.commit('v2', files('v2'));
    const outcome = await project.homeport(['deploy', ...flags], { timeout: 230_000 });
    expectVerdict(outcome, {
      exitCode: 3,
      status: 'rolled_back',
      phase: 'migrate',
      details: {
        restored: [expect.stringMatching(/store-store-.*\.backup$/)],
        kept_databases: [expect.stringContaining('.before')],
      },
    });
    expect(rows()).toEqual(before);
    expect(outcome.report.backups.map(({ verified }) => verified)).toEqual(['read', 'read']);
  });

  it('has its data as before when `homeport restore` was killed half-way, once it was recovered', async () => {
    await store.quiet();
    const made = await project.homeport(['backup']);
    const file = made.report.backups[0]?.file ?? '';
    writeFileSync(rowsFile(), `${rows().join('\n')}\nlater\n`);
    const later = rows();
    store.set('slow');
    const running = project.begin(['restore', file, '--yes']);
    await until(half);
    running.child.kill('SIGKILL');
    await running.ended;
    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(rows()).toEqual(later);

    const again = await project.homeport(['restore', file, '--yes']);
    expect(again.exitCode, again.output).toBe(0);
    expect(rows()).toEqual(later.slice(0, -1));
    expect(again.report.details.kept).toMatch(/\.before$/);
  });
});
