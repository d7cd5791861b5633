import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseTarget } from '../../src/databases/database.ts';
import { readRecord } from '../../src/databases/record.ts';
import { volume } from '../../src/databases/volume.ts';
import { dyingHost, isChange } from '../databases/dying-host.ts';
import type { WorkToKill } from '../databases/work-to-kill.ts';
import { DatabaseLab, failure, until } from '../support/databases.ts';
import { heldAfter, hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
const stamp = '20260101T000000Z';
const folder = '/data/uploads';
/** The service, and another one that has the same volume mounted elsewhere. */
let app: DatabaseTarget;
let worker: string;

beforeAll(async () => {
  await lab.prepare();
  const name = await lab.volume();
  app = await service('python:3.11-slim', ['-v', `${name}:/data`]);
  worker = (await service('busybox:stable', ['-v', `${name}:/elsewhere`])).container;
});
afterAll(async () => {
  for (const id of await helpers()) await lab.docker('rm', '--force', '--volumes', id);
  await lab.remove();
});
afterEach(async () => {
  for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name), { recursive: true });
});

async function service(image: string, flags: readonly string[]): Promise<DatabaseTarget> {
  const labels = ['--label', `com.docker.compose.project=${lab.name}`];
  const container = await lab.start(image, ['--init', ...labels, ...flags], ['sleep', '3600']);
  const imageId = await lab.imageOf(container);
  return { kind: 'volume', service: 'app', container, imageId, database: 'uploads', path: folder };
}

async function sh(container: string, script: string): Promise<string> {
  const result = await lab.exec(container, ['sh', '-euc', script]);
  if (result.outcome !== 'success') throw new Error(result.tail);
  return result.stdout;
}

/** Everything that a folder may hold, under names as people have them. */
async function seed({ container }: DatabaseTarget, word: string): Promise<void> {
  await sh(
    container,
    `rm -rf ${folder}; mkdir -p ${folder}/deep/er "${folder}/with blank" ${folder}/empty; cd ${folder}
    printf '%s' ${word} >word; ln word again; ln -s word symlink; ln -s /nowhere dangling; mkfifo fifo
    printf hidden >.hidden; printf dots >..dots; printf star >'*'; printf dash >-dash; printf quote >"it's"
    printf x >"$(printf 'new\\nline')"; printf x >deep/er/$(printf 'y%.0s' 1 2 3 4 5 6 7 8 9)
    head -c 3000000 /dev/urandom >"with blank/noise"; : >none
    chmod 600 word; chmod 4755 .hidden; chmod 1777 empty; chown 1234:4321 deep "with blank/noise"; chmod 750 .`,
  );
}

/** Every path with its kind, mode, owner, target and contents. */
async function contents({ container }: DatabaseTarget): Promise<string[]> {
  const list = `cd ${folder}; find . -path './.homeport-*' -prune -o -exec sh -c '
    for path; do
      printf "%s %s " "$path" "$(stat -c "%F %a %u:%g" "$path")"
      if [ -L "$path" ]; then readlink "$path"; elif [ -f "$path" ]; then sha256sum <"$path"; else echo; fi
    done' list {} +`;
  return (await sh(container, list)).split('\n').sort();
}

async function helpers(): Promise<string[]> {
  const filters = ['--filter', 'label=homeport.helper=volume', '--filter', `label=homeport.project=${lab.name}`];
  const listed = await lab.docker('ps', '--all', '--quiet', '--no-trunc', ...filters);
  return listed.split('\n').filter((id) => id !== '');
}

async function states(): Promise<string[]> {
  return (await lab.docker('inspect', '--format', '{{.State.Status}}', app.container, worker)).split('\n');
}

async function expectNothingLeft(): Promise<void> {
  expect(await states()).toEqual(['running', 'running']);
  expect(await helpers()).toEqual([]);
  expect(await readdir(lab.folder)).toEqual([]);
}

describe('a backup of a volume', () => {
  it.each(['python:3.11-slim', 'busybox:stable'])(
    'has every file, mode and owner, restored elsewhere, by the tar of %s',
    async (image) => {
      const from = await service(image, ['-v', `${await lab.volume()}:/data`]);
      const to = await service(image, ['-v', `${await lab.volume()}:/data`]);
      await seed(from, 'word');
      const record = await volume.backup(from, lab.options(), lab.context());
      expect(record).toMatchObject({ kind: 'volume', verified: 'restore', rows: { files: 11 } });
      expect(volume.counted(record.rows)).toBe('11 files');
      const names = (await readdir(lab.folder)).map((name) => name.replace(/\d{8}T\d{6}Z/, 'T'));
      expect(names).toEqual(['app-uploads-T.tar', 'app-uploads-T.tar.json']);
      for (const name of await readdir(lab.folder))
        expect((await stat(join(lab.folder, name))).mode & 0o777).toBe(0o600);
      expect(await readRecord(lab.host, record.file)).toEqual(record);

      await sh(to.container, `mkdir -p ${folder}/newer; printf newer >${folder}/word; printf x >${folder}/.of-its-own`);
      const before = await contents(to);
      const result = await volume.restore(to, record, stamp, lab.context());
      expect(await contents(to)).toEqual(await contents(from));
      expect(result).toMatchObject({ kept: `${folder}/.homeport-before-${stamp}`, rows: { files: 11 } });
      // What was there before is whole, and no part of a backup.
      const kept = await sh(to.container, `ls -A ${result.kept}; cat ${result.kept}/word`);
      expect(kept).toBe('.of-its-own\nnewer\nword\nnewer');
      expect(before.join('\n')).toContain('newer');
      expect((await volume.backup(to, lab.options(), lab.context())).rows).toEqual({ files: 11 });
      // Nor where there is nothing else.
      const alone = { ...to, path: '/data/alone', database: 'alone' };
      await sh(
        to.container,
        `mkdir -p /data/alone/.homeport-before-${stamp}; date >/data/alone/.homeport-before-${stamp}/x`,
      );
      expect((await volume.backup(alone, lab.options(), lab.context())).rows).toEqual({ files: 0 });
      const [word = '', ...words] = (result.removeCommand ?? '').split(' ');
      expect((await lab.host.exec([word, ...words], { timeout: 30_000 })).outcome).toBe('success');
      expect(await sh(to.container, `ls -A ${folder}`)).not.toContain('homeport');
      expect(await volume.size(to, lab.context())).toBeGreaterThan(3_000_000);
    },
  );

  it.each([
    ['paused', 'paused'],
    ['stopped', 'exited'],
  ] as const)('has everything that uses the volume %s, and holds one moment', async (how, state) => {
    await seed(app, 'word');
    // Two files that are never further apart than one line.
    const write = `cd ${folder}; n=0; until [ -e /tmp/enough ]; do n=$((n+1)); echo $n >>deep/one; echo $n >>zone; done`;
    const argv = ['docker', 'exec', app.container, 'sh', '-c', `rm -f /tmp/enough; ${write}`] as const;
    const writer = lab.host.exec(argv, { timeout: 120_000 });
    await until(async () => (await sh(app.container, `cat ${folder}/zone 2>/dev/null | wc -l`)).trim() !== '0');
    let seen: string[] = [];
    const host = hostWith(lab.host, '--volumes-from', async () => {
      seen = await states();
    });
    const target = { ...app, while: how };
    const record = await volume.backup(target, lab.options(), { ...lab.context(), host });
    expect(seen).toEqual([state, state]);
    expect(await states()).toEqual(['running', 'running']);
    await sh(app.container, 'touch /tmp/enough');
    await writer;
    const lines = (path: string) =>
      execFileSync('tar', ['-xOf', record.file, path], { maxBuffer: 2 ** 28 })
        .toString()
        .trim()
        .split('\n').length;
    expect([0, 1]).toContain(lines('./deep/one') - lines('./zone'));
    for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name));
    await expectNothingLeft();
  });

  it('leaves alone what somebody paused before', async () => {
    await seed(app, 'word');
    await lab.docker('pause', worker);
    await volume.backup(app, lab.options({ verify: 'none' }), lab.context());
    expect(await states()).toEqual(['running', 'paused']);
    await lab.docker('unpause', worker);
  });

  it.each([
    ['ends too early', (bytes: Buffer) => bytes.subarray(0, 900_000)],
    ['has other bytes inside', (bytes: Buffer) => Buffer.from(bytes).fill(0x55, 512_000, 512_100)],
    ['is of 20 bytes', (bytes: Buffer) => bytes.subarray(0, 20)],
  ])('that %s is caught, as it comes and when it is to be restored', async (_how, damage) => {
    await seed(app, 'word');
    const before = await contents(app);
    const record = await volume.backup(app, lab.options(), lab.context());
    await writeFile(record.file, damage(await readFile(record.file)));
    expect((await failure(volume.restore(app, record, stamp, lab.context()))).message).toMatch(/damaged/);
    expect(await contents(app)).toEqual(before);
    for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name));

    // On its way back from the scratch folder.
    const host = hostWith(lab.host, '--entrypoint', (argv, options) => {
      if (argv.includes('--volumes-from')) return {};
      const { output } = options;
      const cut = execFileSync('tar', ['-cf', '-', '-C', '/etc', 'hostname']);
      output?.write(cut);
      return { argv: ['true'], options: { timeout: 1000 } };
    });
    expect((await failure(volume.backup(app, lab.options(), { ...lab.context(), host }))).message).toMatch(
      /^Files differ in a scratch folder/,
    );
    await expectNothingLeft();
  });

  it.each(['cancel', 'kill'] as const)('that ends in the middle (%s) leaves nothing', async (end) => {
    await seed(app, 'word');
    const cancel = new AbortController();
    const reached = Promise.withResolvers<{ release: () => void }>();
    const host = hostWith(lab.host, '--volumes-from', (_argv, options) => {
      const { stream, held, release } = heldAfter(options.output, 100_000);
      held.then(() => reached.resolve({ release }));
      return { options: { ...options, output: stream } };
    });
    const failed = failure(volume.backup(app, lab.options(), { ...lab.context(cancel.signal), host }));
    const { release } = await reached.promise;
    expect(await states()).toEqual(['paused', 'paused']);
    if (end === 'cancel') cancel.abort();
    else await lab.kill((await helpers())[0] ?? '', null);
    release();
    expect((await failed).message).toMatch(end === 'cancel' ? /cancelled/ : /could not be copied/);
    await expectNothingLeft();
  });

  it('onto a full disk fails with that reason, and leaves nothing', async () => {
    await seed(app, 'word');
    const small = mkdtempSync(join(tmpdir(), `${lab.name}-full-`));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', lab.name, small]);
    try {
      expect((await failure(volume.backup(app, lab.options({ folder: small }), lab.context()))).message).toMatch(
        /disk .*is full/,
      );
      expect(await readdir(small)).toEqual([]);
      await expectNothingLeft();
    } finally {
      execFileSync('umount', [small]);
      rmSync(small, { recursive: true });
    }
  });

  it('of a folder that is not there says so', async () => {
    const missing = { ...app, path: '/data/elsewhere' };
    expect((await failure(volume.backup(missing, lab.options(), lab.context()))).message).toBe(
      '/data/elsewhere of app could not be copied: there is no folder /data/elsewhere',
    );
    await expectNothingLeft();
  });
});

describe('a backup of a volume whose Homeport was killed', () => {
  it.each([
    ['paused', 'unpause'],
    ['stopped', 'start'],
  ] as const)('while everything was %s: it goes on, and nothing is left, again and again', async (how, letGo) => {
    await seed(app, 'word');
    // It takes a while to copy.
    await sh(app.container, `dd if=/dev/zero of=${folder}/large bs=1M count=500 2>&1`);
    const child = begin({ target: { ...app, while: how }, folder: lab.folder });
    await until(async () => !(await states()).includes('running'));
    await until(async () => {
      const [helper] = await helpers();
      if (helper === undefined) return false;
      return (await lab.host.exec(['docker', 'pause', helper], { timeout: 30_000 })).outcome === 'success';
    });
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await once(child, 'exit');
    expect(await states()).not.toContain('running');
    expect((await readdir(lab.folder)).map((name) => name.replace(/\d{8}T\d{6}Z/, 'T'))).toEqual([
      'app-uploads-T.held',
      'app-uploads-T.tar.partial',
    ]);
    // Somebody was quicker with one of them.
    await lab.docker(letGo, worker);
    await volume.letGo?.(app, lab.folder, lab.context());
    expect(await states()).toEqual(['running', 'running']);
    for (let again = 0; again < 2; again += 1) await volume.forget(app, lab.folder, lab.context());
    await expectNothingLeft();
  });
});

describe('a restore of a volume that was killed', () => {
  it('after whichever change leaves one whole folder, and the answer says which', async () => {
    await seed(app, 'old');
    const old = await contents(app);
    const record = await volume.backup(app, lab.options({ verify: 'read' }), lab.context());
    const fresh = async () => {
      await seed(app, 'new');
      return await contents(app);
    };
    const ends: string[] = [];
    for (let change = 1; ; change += 1) {
      const before = await fresh();
      const { host, died } = dyingHost(lab.host, isChange(change));
      await volume.restore(app, record, stamp, { ...lab.context(), host }).catch(() => {});
      if (!died()) break;
      const end = await volume.recoverRestore(app, stamp, lab.context());
      ends.push(end);
      // As it is after a restore that was recovered: what runs is started then.
      await lab.docker('start', app.container, worker);
      expect(await contents(app), `after change ${change}: ${end}`).toEqual(end === 'finished' ? old : before);
      const left = (await sh(app.container, `ls -A ${folder}`)).split('\n').filter((name) => name.includes('homeport'));
      expect(left).toEqual(end === 'finished' ? [`.homeport-before-${stamp}`] : []);
      expect(await helpers()).toEqual([]);
    }
    expect(ends.join(' ')).toMatch(/^(undone )+(finished ?)+$/);
    await lab.docker('start', app.container, worker);
  });
});

function begin(work: WorkToKill): ChildProcess {
  const program = join(import.meta.dirname, '../databases/work-to-kill.ts');
  return spawn(process.execPath, [program, JSON.stringify(work)], { stdio: 'ignore', detached: true });
}
