import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../support/databases.ts';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project } from '../support/project.ts';

/** A service with uploads in a volume, which a worker has mounted too; `broken` never becomes ready. */
const compose = (version: string, broken = false) => `services:
  app:
    image: busybox:stable
    command: [${broken ? "'false'" : 'sleep, infinity'}]
    init: true
    stop_grace_period: 1s
    environment: {VERSION: ${version}}
    volumes: ['uploads:/srv/uploads', 'other:/srv/other']
  worker:
    image: busybox:stable
    command: [sleep, infinity]
    init: true
    stop_grace_period: 1s
    volumes: ['uploads:/srv/uploads']
volumes: {uploads: {}, other: {}}
`;

const entry = (folder: string) => `{service: app, kind: volume, path: /srv/${folder}}`;
const settings = (migrate = '') => `backup: [${entry('uploads')}]\nstartup-wait: 1s\n${migrate}`;

describe('a project with a volume', () => {
  let project: Project;

  const inApp = async (script: string): Promise<string> => {
    const { id } = await project.container('app');
    return (await docker('exec', id, 'sh', '-euc', script)).trim();
  };
  const statuses = async (): Promise<string> => {
    const ids = (await project.whatRuns()).containers.map(({ id }) => id);
    return await docker('inspect', '--format', '{{.State.Status}}', ...ids);
  };

  beforeAll(async () => {
    const files = { 'compose.yaml': compose('v1'), 'homeport.yml': settings() };
    project = await makeProject({ files, name: 'volume' });
    await project.deploy(['--backup', 'none']);
    await inApp('echo one >/srv/uploads/kept; echo other >/srv/other/kept');
  });
  afterAll(async () => await project?.cleanUp());

  it('has it backed up and restored, and what came since is kept beside it', async () => {
    const made = await project.homeport(['backup']);
    expect([made.exitCode, made.report.backups]).toMatchObject([
      0,
      [{ service: 'app', kind: 'volume', database: 'uploads', rows: 1, verified: 'restore' }],
    ]);
    expect(made.output).toContain('app: copying /srv/uploads, what uses it is paused meanwhile');
    await inApp('echo two >/srv/uploads/kept; echo later >/srv/uploads/later');
    const { file = '' } = made.report.backups[0] ?? {};

    // A folder of another name is another place, whichever the settings name now.
    const elsewhere = await project.homeport(['restore', file, '--yes', '--backup', `[${entry('other')}]`]);
    expect(elsewhere.exitCode).toBe(7);
    expect(await inApp('cat /srv/other/kept')).toBe('other');

    const restored = await project.homeport(['restore', file, '--yes']);
    expect([restored.exitCode, restored.report.status], restored.output).toEqual([0, 'success']);
    expect(await inApp('ls /srv/uploads; cat /srv/uploads/kept')).toBe('kept\none');
    const kept = String(restored.report.details.kept);
    expect(await inApp(`ls ${kept}; cat ${kept}/kept`)).toBe('kept\nlater\ntwo');
  });

  it('goes on after a deployment that was killed while it stood still', async () => {
    // It takes a while to copy.
    await inApp('dd if=/dev/zero of=/srv/uploads/large bs=1M count=500 2>&1');
    const killed = project.begin(['deploy', '--tests', 'unit: sleep 60']);
    await until(async () => (await statuses()).includes('paused'));
    await killed.killed();
    expect(await statuses()).toBe('paused\npaused');
    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(recovered.report).toMatchObject({ status: 'aborted', exit_code: 7 });
    expect(await statuses()).toBe('running\nrunning');
    await inApp('rm /srv/uploads/large');
    const names = readdirSync(join(project.state, 'backups'));
    expect(names.filter((name) => /\.(held|partial)$/.test(name))).toEqual([]);
  });

  it('gets it back with the old release where `rollback-database` asks for it', async () => {
    await inApp('echo before >/srv/uploads/kept');
    const old = await project.whatRuns();
    const migrate = "rollback-database: true\nmigrate: {worker: 'echo migrated >/srv/uploads/kept'}\n";
    await project.commit('v2', { 'compose.yaml': compose('v2', true), 'homeport.yml': settings(migrate) });
    const failed = await project.homeport(['deploy']);
    expectVerdict(failed, {
      exitCode: 3,
      status: 'rolled_back',
      phase: 'start',
      details: {
        restored: [expect.stringMatching(/app-uploads-.*\.tar$/)],
        kept_databases: [expect.stringContaining('homeport-before')],
      },
    });
    expect(await inApp('cat /srv/uploads/kept; echo $VERSION')).toBe('before\nv1');
    expect((await project.whatRuns()).current).toBe(old.current);
  });
});
