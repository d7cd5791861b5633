import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseTarget } from '../../src/databases/database.ts';
import { readRecord } from '../../src/databases/record.ts';
import { redis } from '../../src/databases/redis.ts';
import { dyingHost, isChange } from '../databases/dying-host.ts';
import type { WorkToKill } from '../databases/work-to-kill.ts';
import { DatabaseLab, failure, until } from '../support/databases.ts';
import { heldAfter, hostWith } from '../support/faulty-host.ts';

const lab = new DatabaseLab();
/** With an RDB alone, with AOF too, and one to restore into. */
let plain: DatabaseTarget;
let appending: DatabaseTarget;

beforeAll(async () => {
  await lab.prepare();
  plain = await server([]);
  appending = await server(['--appendonly', 'yes', '--requirepass', 'not-to-be-seen']);
});
afterAll(async () => {
  for (const id of await helpers()) await lab.docker('rm', '--force', '--volumes', id);
  await lab.remove();
});
afterEach(async () => {
  for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name), { recursive: true });
});

async function server(command: readonly string[], flags: readonly string[] = []): Promise<DatabaseTarget> {
  const labels = ['--label', `com.docker.compose.project=${lab.name}`];
  // Without the wait for more replicas each dump takes 5 s.
  const quick = ['--repl-diskless-sync-delay', '0'];
  const volume = ['-v', `${await lab.volume()}:/data`];
  const container = await lab.start('redis:7', [...volume, ...labels, ...flags], [...command, ...quick]);
  const imageId = await lab.imageOf(container);
  const target = { kind: 'redis', service: 'cache', container, imageId, database: 'all' };
  await until(
    async () => (await cli(target, 'PING')).match(/PONG|NOAUTH/) !== null,
    () => lab.told(container),
  );
  return target;
}

async function cli(target: DatabaseTarget, ...words: string[]): Promise<string> {
  // A client whose password the server doesn't want goes on, but not in the database that it was told.
  const auth = target === appending ? ['-e', 'REDISCLI_AUTH=not-to-be-seen'] : [];
  const argv = ['docker', 'exec', ...auth, target.container, 'redis-cli', ...words] as const;
  return (await lab.host.exec(argv, { timeout: 60_000 })).stdout.trim();
}

async function lua(target: DatabaseTarget, script: string): Promise<string> {
  return await cli(target, 'EVAL', script, '0');
}

/** Every key of a database with its type, its contents as the server packs them, and whether it ends some day. */
async function contents(target: DatabaseTarget, database = '0'): Promise<string[]> {
  const each = `local t = {} for _, k in ipairs(redis.call('KEYS', '*')) do
    local value = redis.call('TYPE', k).ok
    if value == 'string' then value = value .. redis.call('GET', k)
    elseif value == 'list' then value = value .. table.concat(redis.call('LRANGE', k, 0, -1), ',')
    elseif value == 'hash' then local f = redis.call('HKEYS', k) table.sort(f)
      for _, one in ipairs(f) do value = value .. one .. '=' .. redis.call('HGET', k, one) .. ',' end
    elseif value == 'set' then local m = redis.call('SMEMBERS', k) table.sort(m) value = value .. table.concat(m, ',')
    elseif value == 'zset' then value = value .. cjson.encode(redis.call('ZRANGE', k, 0, -1, 'WITHSCORES'))
    else value = value .. cjson.encode(redis.call('XRANGE', k, '-', '+')) .. cjson.encode(redis.call('XINFO', 'STREAM', k, 'FULL')[16]) end
    t[#t + 1] = redis.sha1hex(k) .. ' ' .. redis.sha1hex(value) .. ' ' .. redis.call('PEXPIRETIME', k)
  end return t`;
  return (await cli(target, '-n', database, 'EVAL', each, '0')).split('\n').sort();
}

/** Every type of value, small and large, binary keys, some that end, in two databases. */
async function seed(target: DatabaseTarget): Promise<void> {
  await cli(target, 'FLUSHALL');
  await lua(
    target,
    `for i = 1, 3000 do redis.call('SET', 'number:' .. i, i) end
    redis.call('SET', 'binary\\0\\r\\n\\255key', 'binary\\0value') redis.call('SET', 'long', string.rep('x', 100000))
    for i = 1, 1000 do redis.call('RPUSH', 'list', 'item' .. i, string.rep('y', i % 90)) redis.call('HSET', 'hash', i, 'v' .. i)
      redis.call('SADD', 'set', 'm' .. i) redis.call('ZADD', 'zset', i / 7, 'm' .. i) end
    redis.call('RPUSH', 'small-list', 'a') redis.call('HSET', 'small-hash', 'f', 'v') redis.call('SADD', 'ints', 1, 2, 300000)
    redis.call('SADD', 'small-set', 'a') redis.call('ZADD', 'small-zset', '-inf', 'a', 'inf', 'b', 0.1, 'c')
    redis.call('PFADD', 'log', 'a', 'b') redis.call('GEOADD', 'geo', 13.4, 52.5, 'Berlin')
    for i = 1, 300 do redis.call('XADD', 'stream', i .. '-1', 'f', 'v' .. i) end
    redis.call('XGROUP', 'CREATE', 'stream', 'workers', '0')
    redis.call('XREADGROUP', 'GROUP', 'workers', 'one', 'COUNT', 7, 'STREAMS', 'stream', '>') redis.call('XDEL', 'stream', '3-1')
    redis.call('SET', 'session', 's', 'EX', 5000) redis.call('SELECT', 1) redis.call('SET', 'other', 'database')`,
  );
  await cli(
    target,
    'FUNCTION',
    'LOAD',
    'REPLACE',
    "#!lua name=lib\nredis.register_function('f', function() return 7 end)",
  );
}

const stamp = '20260101T000000Z';

async function helpers(): Promise<string[]> {
  const filters = ['--filter', 'label=homeport.helper=redis', '--filter', `label=homeport.project=${lab.name}`];
  const listed = await lab.docker('ps', '--all', '--quiet', '--no-trunc', ...filters);
  return listed.split('\n').filter((id) => id !== '');
}

async function clean(target: DatabaseTarget): Promise<void> {
  expect(await readdir(lab.folder)).toEqual([]);
  expect(await helpers()).toEqual([]);
  await until(async () => !/cmd=sync|flags=S/.test(await cli(target, 'CLIENT', 'LIST')));
}

describe('a backup of Redis', () => {
  it.each([
    ['an RDB alone', () => plain, () => appending],
    ['AOF on and a password', () => appending, () => plain],
  ])('of a server with %s has every key, type and time to live, restored elsewhere', async (_how, from, to) => {
    await seed(from());
    const before = [await contents(from()), await contents(from(), '1')];
    const record = await redis.backup(from(), lab.options(), lab.context());
    expect(record).toMatchObject({ kind: 'redis', verified: 'restore', rows: { db0: 3015, db1: 1 } });
    expect(redis.counted(record.rows)).toBe('3016 keys in 2 databases');
    expect((await readdir(lab.folder)).map((name) => name.replace(/\d{8}T\d{6}Z/, 'T'))).toEqual([
      'cache-all-T.rdb',
      'cache-all-T.rdb.json',
    ]);
    for (const name of await readdir(lab.folder)) expect((await stat(join(lab.folder, name))).mode & 0o777).toBe(0o600);
    expect(await readRecord(lab.host, record.file)).toEqual(record);

    await cli(to(), 'FLUSHALL');
    await cli(to(), 'SET', 'newer', '1');
    const result = await redis.restore(to(), record, stamp, lab.context());
    expect([await contents(to()), await contents(to(), '1')]).toEqual(before);
    expect(await cli(to(), 'FCALL', 'f', '0')).toBe('7');
    expect(result.kept).toBe(`/data/.homeport-before-${stamp}`);
    // What is written from now on outlives a restart, and the restored keys with it.
    await cli(to(), 'SET', 'after', '1');
    await lab.docker('restart', to().container);
    await until(async () => (await cli(to(), 'GET', 'after')) === '1');
    expect(await cli(to(), 'DBSIZE')).toBe('3016');
    const [word = '', ...words] = (result.removeCommand ?? '').split(' ');
    expect((await lab.host.exec([word, ...words], { timeout: 30_000 })).outcome).toBe('success');
    expect((await lab.exec(to().container, ['ls', '-A', '/data'])).stdout).not.toContain('homeport');
    expect(await helpers()).toEqual([]);
    expect(JSON.stringify(lab.lines)).not.toContain('not-to-be-seen');
  });

  it('holds one moment while others write', async () => {
    await cli(appending, 'FLUSHALL');
    // Each pair is written at once; the noise makes the dump last.
    await lua(appending, "for i = 1, 100000 do redis.call('SET', 'noise:' .. i, string.rep('n', 100) .. i) end");
    const write = `until [ -e /tmp/enough ]; do redis-cli EVAL "local n = redis.call('INCR', 'n') redis.call('RPUSH', 'a', n) redis.call('SET', 'k:' .. n, n)" 0 >/dev/null; done`;
    const writer = lab.host.exec(
      ['docker', 'exec', '-e', 'REDISCLI_AUTH=not-to-be-seen', appending.container, 'sh', '-c', write],
      { timeout: 120_000 },
    );
    await until(async () => Number(await cli(appending, 'GET', 'n')) > 20);
    const before = Number(await cli(appending, 'GET', 'n'));
    const record = await redis.backup(appending, lab.options(), lab.context());
    const during = Number(await cli(appending, 'GET', 'n'));
    await until(async () => Number(await cli(appending, 'GET', 'n')) > during);
    await lab.exec(appending.container, ['touch', '/tmp/enough']);
    expect((await writer).outcome).toBe('success');

    await redis.restore(plain, record, stamp, lab.context());
    const n = Number(await cli(plain, 'GET', 'n'));
    expect(n).toBeGreaterThanOrEqual(before);
    expect(n).toBeLessThanOrEqual(during);
    expect(Number(await cli(plain, 'LLEN', 'a'))).toBe(n);
    expect(Number(await cli(plain, 'DBSIZE'))).toBe(100_000 + n + 2);
    await lab.exec(plain.container, ['rm', '-r', `/data/.homeport-before-${stamp}`]);
  });

  it('counts keys whose time is over by when it is verified, as they are in the file', async () => {
    await cli(plain, 'FLUSHALL');
    await lua(plain, "for i = 1, 50 do redis.call('SET', i, i, 'PX', 3000) end redis.call('SET', 'stays', 1)");
    const host = hostWith(lab.host, '--entrypoint', async () => {
      await until(async () => (await cli(plain, 'DBSIZE')) === '1');
    });
    const record = await redis.backup(plain, lab.options(), { ...lab.context(), host });
    expect(record.rows).toEqual({ db0: 51 });
  });

  it.each(['read', 'restore'] as const)('of an empty server is one, verified by %s', async (verify) => {
    await cli(plain, 'FLUSHALL');
    expect(await redis.backup(plain, lab.options({ verify }), lab.context())).toMatchObject({
      rows: {},
      verified: verify,
    });
  });

  it.each([
    ['ends too early', (bytes: Buffer) => bytes.subarray(0, 9000)],
    ['has other bytes inside', (bytes: Buffer) => Buffer.from(bytes).fill(0x55, 5000, 5100)],
    ['is of 20 bytes', (bytes: Buffer) => bytes.subarray(0, 20)],
  ])('that %s is caught, as it comes and when it is to be restored', async (_how, damage) => {
    await seed(plain);
    const record = await redis.backup(plain, lab.options(), lab.context());
    const bytes = damage(await readFile(record.file));
    await writeFile(record.file, bytes);
    expect((await failure(redis.restore(plain, record, stamp, lab.context()))).message).toMatch(/damaged/);
    const alike = {
      ...record,
      bytes: bytes.length,
      sha256: execFileSync('sha256sum', [record.file]).toString().slice(0, 64),
    };
    expect((await failure(redis.restore(plain, alike, stamp, lab.context()))).message).toMatch(/damaged/);
    for (const name of await readdir(lab.folder)) rmSync(join(lab.folder, name));

    const host = hostWith(lab.host, '--rdb', (_argv, options) => {
      options.output?.write(bytes);
      return { argv: ['true'], options: { timeout: 1000 } };
    });
    await failure(redis.backup(plain, lab.options({ verify: 'none' }), { ...lab.context(), host }));
    await clean(plain);
  });

  it('that was damaged on its way to the disk is caught by reading it', async () => {
    await seed(plain);
    const host = {
      ...lab.host,
      exec: lab.host.exec.bind(lab.host),
      files: Object.assign(Object.create(lab.host.files), {
        openRead: (path: string) => {
          execFileSync('truncate', ['-s', '-1', path]);
          return lab.host.files.openRead(path);
        },
      }),
    };
    expect(
      (await failure(redis.backup(plain, lab.options({ verify: 'read' }), { ...lab.context(), host }))).message,
    ).toMatch(/ends too early/);
    await clean(plain);
  });

  it('which is cancelled in the middle leaves nothing, nor does a server that is killed', async () => {
    await cli(appending, 'FLUSHALL');
    await lua(appending, "for i = 1, 200000 do redis.call('SET', 'noise:' .. i, string.rep('n', 100) .. i) end");
    for (const end of ['cancel', 'kill'] as const) {
      const cancel = new AbortController();
      const reached = Promise.withResolvers<{ release: () => void }>();
      const host = hostWith(lab.host, '--rdb', (_argv, options) => {
        const { stream, held, release } = heldAfter(options.output, 100_000);
        held.then(() => reached.resolve({ release }));
        return { options: { ...options, output: stream } };
      });
      const failed = failure(redis.backup(appending, lab.options(), { ...lab.context(cancel.signal), host }));
      const { release } = await reached.promise;
      if (end === 'cancel') cancel.abort();
      else await lab.kill(appending.container, null);
      release();
      expect((await failed).message).toMatch(end === 'cancel' ? /cancelled/ : /could not be dumped|too early/);
      expect(await readdir(lab.folder)).toEqual([]);
      if (end === 'kill') await lab.startAgain(appending.container);
      await until(
        async () => (await cli(appending, 'DBSIZE')) === '200000',
        async () => `${await cli(appending, 'DBSIZE')}\n${await lab.told(appending.container)}`,
      );
      await clean(appending);
    }
  });

  it('onto a full disk fails with that reason, and leaves nothing', async () => {
    await seed(plain);
    await lua(
      plain,
      "math.randomseed(7) for i = 1, 30000 do redis.call('SET', 'noise:' .. i, string.rep('n', 50) .. math.random()) end",
    );
    const folder = mkdtempSync(join(tmpdir(), `${lab.name}-full-`));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', lab.name, folder]);
    try {
      expect((await failure(redis.backup(plain, lab.options({ folder }), lab.context()))).message).toMatch(
        /disk .*is full/,
      );
      expect(await readdir(folder)).toEqual([]);
    } finally {
      execFileSync('umount', [folder]);
      rmSync(folder, { recursive: true });
    }
    await clean(plain);
  });

  it('whose Homeport was killed while the scratch server ran is forgotten, again and again', async () => {
    await seed(plain);
    const work: WorkToKill = { target: plain, folder: lab.folder };
    const program = join(import.meta.dirname, '../databases/work-to-kill.ts');
    const begin = () => spawn(process.execPath, [program, JSON.stringify(work)], { stdio: 'ignore', detached: true });
    let child = begin();
    await until(async () => {
      // One that was through before anybody looked begins anew.
      if (child.exitCode !== null) child = begin();
      const [helper] = await helpers();
      if (helper === undefined) return false;
      return (await lab.host.exec(['docker', 'pause', helper], { timeout: 30_000 })).outcome === 'success';
    });
    const recorded = (await readdir(lab.folder)).filter((name) => /\.rdb(\.json)?$/.test(name));
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await once(child, 'exit');
    expect(await readdir(lab.folder)).toHaveLength(recorded.length + 1);
    for (let again = 0; again < 2; again += 1) await redis.forget(plain, lab.folder, lab.context());
    for (const name of recorded) rmSync(join(lab.folder, name));
    await clean(plain);
  });
});

describe('a Redis server', () => {
  it('whose password nobody tells is refused with where Homeport looked', async () => {
    await cli(plain, 'CONFIG', 'SET', 'requirepass', 'other');
    const error = await failure(redis.query(plain, lab.context()));
    await lab.exec(plain.container, ['redis-cli', '-a', 'other', 'CONFIG', 'SET', 'requirepass', '']);
    expect(error.message).toMatch(/NOAUTH/);
    expect(error.hint).toMatch(/No password was found: .*REDIS_PASSWORD/);
    await redis.query(plain, lab.context());
  });

  it.each([
    ['a configuration file', ['-v', 'FILE:/etc/redis.conf:ro'], ['/etc/redis.conf']],
    [
      'the environment, by a shell',
      ['-e', 'PASS=not-to-be-seen'],
      ['sh', '-c', 'exec redis-server --requirepass "$PASS" --port 6380'],
    ],
    [
      'a file, by a shell',
      ['-v', 'FILE:/run/secrets/pass:ro'],
      ['sh', '-c', 'exec redis-server --requirepass "$(cat /run/secrets/pass)" --port 6380'],
    ],
  ])('gets its password from %s', async (how, flags, command) => {
    const file = join(lab.folder, 'file');
    await writeFile(file, how.startsWith('a conf') ? 'port 6380\nrequirepass "not-to-be-seen"\n' : 'not-to-be-seen\n');
    const container = await lab.start(
      'redis:7',
      flags.map((flag) => flag.replace('FILE', file)),
      command,
    );
    const target = { kind: 'redis', service: 'cache', container, imageId: '', database: 'all' };
    await redis.query(target, lab.context());
    expect(await redis.size(target, lab.context())).toBeGreaterThan(0);
    await lab.docker('stop', container);
  });

  it('that loses its keys anyway has nothing to lose', async () => {
    expect(await redis.nothingToLose?.(plain, lab.context())).toBeNull();
    const cache = await server(['--save', '']);
    expect(await redis.nothingToLose?.(cache, lab.context())).toMatch(/saves nothing/);
    const sentinel = await lab.start('redis:7', [], ['sh', '-c', 'exec sleep 600', 'redis-sentinel']);
    expect(await redis.nothingToLose?.({ ...cache, container: sentinel }, lab.context())).toMatch(/is a Sentinel/);
    const aside = await server(['--dir', '/tmp']);
    expect(await redis.nothingToLose?.(aside, lab.context())).toMatch(/\/tmp is in no volume/);
    const record = await redis.backup(aside, lab.options(), lab.context());
    expect((await failure(redis.restore(aside, record, stamp, lab.context()))).message).toMatch(/in no volume/);
  });

  it('in a cluster, or with TLS alone, is refused in words', async () => {
    const node = await server(['--cluster-enabled', 'yes']);
    expect((await failure(redis.backup(node, lab.options(), lab.context()))).message).toMatch(/node of a cluster/);
    const container = await lab.start(
      'redis:7',
      [],
      ['sh', '-c', 'sleep 600; exec redis-server --port 0 --tls-port 6379'],
    );
    const secure = { ...node, container };
    expect((await failure(redis.query(secure, lab.context()))).message).toMatch(/by TLS alone/);
  });
});

describe.each([
  ['an RDB alone', () => plain],
  ['AOF on', () => appending],
])('a restore of Redis with %s that was killed', (_how, of) => {
  it('after whichever change leaves one whole database, and the answer says which', async () => {
    await cli(of(), 'FLUSHALL');
    await cli(of(), 'SET', 'which', 'old');
    const record = await redis.backup(of(), lab.options({ verify: 'read' }), lab.context());
    await cli(of(), 'SET', 'which', 'new');
    const ends: string[] = [];
    for (let change = 1; ; change += 1) {
      const { host, died } = dyingHost(lab.host, isChange(change));
      await redis.restore(of(), record, stamp, { ...lab.context(), host }).catch(() => {});
      if (!died()) break;
      // As recovery does: whatever half of its files is there, the server runs first.
      await lab.docker('start', of().container);
      const end = await redis.recoverRestore(of(), stamp, lab.context());
      ends.push(end);
      expect(await cli(of(), 'GET', 'which')).toBe(end === 'finished' ? 'old' : 'new');
      const left = (await lab.exec(of().container, ['ls', '-A', '/data'])).stdout.split('\n');
      expect(left.filter((name) => name.includes('homeport'))).toEqual(
        end === 'finished' ? [`.homeport-before-${stamp}`] : [],
      );
      if (end === 'finished') await lab.exec(of().container, ['rm', '-r', `/data/.homeport-before-${stamp}`]);
      await cli(of(), 'SET', 'which', 'new');
    }
    await lab.exec(of().container, ['rm', '-r', `/data/.homeport-before-${stamp}`]);
    expect(ends.join(' ')).toMatch(/^nothing (undone )+(finished ?)+$/);
  });
});
