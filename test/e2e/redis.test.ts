import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project } from '../support/project.ts';

/** A queue that keeps its data, a cache that doesn't, and a client for the migration. */
const compose = (version: string) => `services:
  queue:
    image: redis:7
    environment: {REDIS_PASSWORD: not-to-be-seen}
    command: [sh, -c, 'exec redis-server --appendonly yes --repl-diskless-sync-delay 0 --requirepass "$$REDIS_PASSWORD"']
    volumes: ['data:/data']
    restart: unless-stopped
  cache:
    image: redis:7
    command: [--save, '']
    restart: unless-stopped
  app:
    image: redis:7
    entrypoint: [sleep, infinity]
    stop_grace_period: 1s
    environment: {REDISCLI_AUTH: not-to-be-seen, VERSION: ${version}}
volumes: {data: {}}
`;

const backup = ['--backup', '[{service: queue, kind: redis}]'];

describe('a project with Redis', () => {
  let project: Project;

  const redis = async (...words: string[]): Promise<string> => {
    const { id } = await project.container('queue');
    return await docker('exec', '-e', 'REDISCLI_AUTH=not-to-be-seen', id, 'redis-cli', ...words);
  };

  /** What Homeport has in the folder of the data. */
  const homeports = async (): Promise<string[]> => {
    const { id } = await project.container('queue');
    const names = (await docker('exec', id, 'ls', '-A', '/data')).split('\n');
    return names.filter((name) => name.includes('homeport'));
  };

  beforeAll(async () => {
    project = await makeProject({ files: { 'compose.yaml': compose('v1') }, name: 'redis' });
    await project.deploy(['--backup', 'none']);
    await redis('RPUSH', 'jobs', 'one', 'two');
  });
  afterAll(async () => await project?.cleanUp());

  it('has its queue backed up and restored, and its cache left out with a word why', async () => {
    const made = await project.homeport(['backup']);
    expect([made.exitCode, made.report.backups]).toMatchObject([0, [{ service: 'queue', kind: 'redis', rows: 1 }]]);
    expect(made.output).toMatch(/cache: left out, for it saves nothing to its disk/);
    expect(made.output).toMatch(/app: left out, for no server of redis runs in its container/);
    expect(made.output).toMatch(/queue: loaded once into a scratch server, all keys are there/);
    await redis('FLUSHALL');
    await redis('SET', 'later', '1');
    const { file = '' } = made.report.backups[0] ?? {};
    const restored = await project.homeport(['restore', file, '--yes']);
    expect([restored.exitCode, restored.report.status]).toEqual([0, 'success']);
    expect(restored.output).toMatch(/1 keys in 1 database, verified: restore/);
    expect(await redis('LRANGE', 'jobs', '0', '-1')).toBe('one\ntwo');
    expect(await redis('EXISTS', 'later')).toBe('0');
    expect(made.output + restored.output).not.toContain('not-to-be-seen');
  });

  it('whose restore is killed in the middle is brought to an end by recovery', async () => {
    const made = await project.homeport(['backup']);
    await redis('SET', 'later', '1');
    const before = await homeports();
    const killed = project.begin(['restore', made.report.backups[0]?.file ?? '', '--yes']);
    await killed.said('$ docker stop');
    await killed.killed();
    const recovered = await project.homeport(['recover']);
    expect(recovered.exitCode).toBe(0);
    // The one of the restore before is still kept; one more says that this one was done.
    const kept = await homeports();
    expect(kept.filter((name) => !name.startsWith('.homeport-before-'))).toEqual([]);
    expect(await redis('EXISTS', 'later')).toBe(kept.length === before.length ? '1' : '0');
    expect(await redis('LRANGE', 'jobs', '0', '-1')).toBe('one\ntwo');
  });

  it('gets back what a migration that failed made of it, with `rollback-database`', async () => {
    await project.commit('v2', { 'compose.yaml': compose('v2') });
    const broken = ['--migrate', 'app: sh -c "redis-cli -h queue FLUSHALL; redis-cli -h queue SET half 1; exit 1"'];
    const deploy = ['deploy', ...backup, ...broken, '--rollback-database'];
    expectVerdict(await project.homeport(deploy), {
      exitCode: 3,
      status: 'rolled_back',
      phase: 'migrate',
      details: {
        restored: [expect.stringMatching(/queue-all-.*\.rdb$/)],
        kept_databases: [expect.stringContaining('homeport-before')],
      },
    });
    expect(await redis('LRANGE', 'jobs', '0', '-1')).toBe('one\ntwo');
    expect(await redis('EXISTS', 'half')).toBe('0');
  });
});
