import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/deployment/report.ts';
import { ask } from '../support/client.ts';
import { expectRestored } from '../support/expectations.ts';
import { docker, makeProject, type Outcome, type Project } from '../support/project.ts';
import { beginAction } from '../support/run-action.ts';
import { freePort, healthcheck, webImage, webProject, webService } from '../support/web.ts';

/** A service that stays up and never gets healthy, so that a deployment stands in its stage `start`. */
const stuck = { behaviour: { kind: 'never-healthy' }, extra: `${healthcheck}  start_period: 5m\n` } as const;

describe('a deployment whose process is killed', () => {
  let project: Project;
  let port: number;

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({ files: webProject({ port, version: 'v1' }), name: 'killed' });
    await project.deploy();
  });
  afterAll(async () => await project?.cleanUp());

  const version = async () => (await ask(`http://127.0.0.1:${port}/version`)).answer;
  const recover = () => project.homeport(['recover', '--project', project.name]);

  it('during its tests is forgotten, with the processes that it had left running', async () => {
    const before = await project.whatRuns();
    const seconds = `${700 + Math.floor(Math.random() * 1e6) / 1e6}`;
    const running = project.begin(['deploy', '--backup', 'none', '--tests', `unit: echo begun; sleep ${seconds}`]);
    await running.said('test | begun');
    running.child.kill('SIGKILL');
    await running.ended;
    expect(processesWith(seconds)).toBeGreaterThan(0);

    const recovered = await recover();
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(recovered.report).toMatchObject({ status: 'aborted', exit_code: 7, phase: 'test' });
    expect(recovered.report.details.recovered).toContain('runs as before');
    expect(processesWith(seconds)).toBe(0);
    expect(await project.whatRuns()).toEqual(before);
    expectNothingLeft(project);
  });

  it('during its start goes back; its report says so, and the next deployment needs no help', async () => {
    const before = await project.whatRuns();
    await project.commit('stuck', webProject({ port, version: 'stuck', ...stuck }));
    const killed = await killedAt(project, 'waiting for web');
    expect((await project.container('web')).imageId).not.toBe(before.containers[0]?.imageId);

    const recovered = await recover();
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(recovered.report).toMatchObject({
      status: 'rolled_back',
      exit_code: 7,
      phase: 'start',
      previous_release: before.current,
    });
    expect(recovered.report.deployment).toBe(killed);
    await expectRestored(project, before);
    expect(await version()).toBe('v1');
    expectNothingLeft(project);

    await project.commit('v2', webProject({ port, version: 'v2' }));
    await project.deploy();
    expect(await version()).toBe('v2');
  });

  it('is recovered by the next deployment, which tells it', async () => {
    await project.commit('stuck again', webProject({ port, version: 'stuck again', ...stuck }));
    const killed = await killedAt(project, 'waiting for web');
    await project.commit('v3', webProject({ port, version: 'v3' }));
    const next = await project.deploy();
    expect(next.report.warnings.join('\n')).toContain(`The deploy ${killed} was killed in its stage start (up).`);
    expect(next.report.details.recovered_before).toBe(killed);
    expect(await reportOf(project, killed)).toMatchObject({ status: 'rolled_back', exit_code: 7 });
    expect(await version()).toBe('v3');
    expectNothingLeft(project);
  });

  it('after its promotion was begun is finished: what was found good stays', async () => {
    await project.commit('v4', webProject({ port, version: 'v4' }));
    const done = await project.deploy();
    // As the journal of a deployment that was killed right behind the intent: `current` has not moved.
    const journal = join(project.state, 'journal.jsonl');
    const lines = readFileSync(journal, 'utf8').trimEnd().split('\n');
    const at = lines.findLastIndex((line) => line.includes('"action":"promote"') && line.includes('"intent"'));
    await writeFile(journal, `${lines.slice(0, at + 1).join('\n')}\n`);
    const previous = done.report.previous_release ?? '';
    await project.pointCurrentAt(`releases/${previous}`);

    const recovered = await recover();
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(recovered.report).toMatchObject({ status: 'success', exit_code: 0, release: done.report.release });
    expect(await project.current()).toBe(done.report.release);
    expect(await version()).toBe('v4');
  });

  it('leaves nothing to recover once it was recovered', async () => {
    const before = await project.whatRuns();
    const again = await recover();
    expect(again.exitCode).toBe(0);
    expect(again.stdout).toContain('nothing to recover');
    expect(await project.whatRuns()).toEqual(before);
  });

  it('is recovered with all others of the state folder when no project is named', async () => {
    await project.commit('stuck once more', webProject({ port, version: 'stuck', ...stuck }));
    await killedAt(project, 'waiting for web');
    const all = await project.homeport(['recover']);
    expect(all.exitCode, all.output).toBe(0);
    expect(all.stdout).toContain(`${project.name}: Went back`);
    expect(await version()).toBe('v4');
  });
});

describe('a first deployment whose process is killed', () => {
  it('leaves nothing that runs once it was recovered', async () => {
    const project = await makeProject({
      files: webProject({ port: await freePort(), version: 'v1', ...stuck }),
      name: 'first-killed',
    });
    try {
      await killedAt(project, 'waiting for web');
      expect(await project.containers()).toHaveLength(1);
      const recovered = await project.homeport(['recover', '--project', project.name]);
      expect(recovered.exitCode, recovered.output).toBe(0);
      expect(recovered.report).toMatchObject({ status: 'failed', exit_code: 7, previous_release: null });
      expect(await project.containers()).toEqual([]);
      expect(await project.networks()).toEqual([]);
      expect(Object.keys(await project.tags())).toEqual([]);
      expectNothingLeft(project);
    } finally {
      await project.cleanUp();
    }
  });
});

describe('a deployment that was killed while another service crashed again and again', () => {
  let project: Project;
  let folder: string;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homeport-store-'));
    await writeFile(join(folder, 'here'), '');
    project = await makeProject({ files: await files('v1'), name: 'crashing' });
    await project.deploy();
  });
  afterAll(async () => {
    await project?.cleanUp();
    await rm(folder, { recursive: true, force: true });
  });

  async function files(version: string, web: Partial<typeof stuck> = {}) {
    const store = webService('store', { folder: 'store', extra: `volumes: ['${folder}:/data']\n` });
    return {
      ...webProject({ port: await freePort(), version, ...web, more: store }),
      ...webImage('store', { version: 'store', behaviour: { kind: 'needs-file', path: '/data/here' } }),
    };
  }

  it('goes back at once when the cause is gone, however long the engine would wait', async () => {
    await project.commit('stuck', await files('stuck', stuck));
    await killedAt(project, 'waiting for web', ['--start-timeout', '6s']);
    await rm(join(folder, 'here'));
    const { id } = await project.container('store');
    await docker('exec', '--detach', id, 'kill', '-TERM', '1');
    // 100 ms before the first restart, and twice as long before each next one.
    const restarts = () => docker('inspect', '--format', '{{.RestartCount}}', id);
    while (Number(await restarts()) < 8) await sleep(200);
    await writeFile(join(folder, 'here'), '');

    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(recovered.report).toMatchObject({ status: 'rolled_back', exit_code: 7 });
    expect((await project.container('store')).state).toBe('running');
  });
});

describe('the post step of the action', () => {
  const post = fileURLToPath(new URL('../../dist/post/index.js', import.meta.url));

  it('goes back when the job was cancelled and the step killed in the middle of its start', async () => {
    const port = await freePort();
    const project = await makeProject({ files: webProject({ port, version: 'v1' }), name: 'post' });
    const runnerFolder = await mkdtemp(join(tmpdir(), 'homeport-runner-'));
    try {
      await project.deploy();
      const before = await project.whatRuns();
      await project.commit('stuck', webProject({ port, version: 'stuck', ...stuck }));
      for (const name of ['OUTPUT', 'STEP_SUMMARY', 'STATE', 'ENV', 'PATH'])
        await writeFile(join(runnerFolder, name), '');
      const inputs = {
        project: project.name,
        'state-directory': project.stateDirectory,
        'minimum-free-disk': '1MiB',
        'startup-wait': '1s',
      };
      const main = beginAction(inputs, { workspace: project.checkout, runnerFolder });
      await main.said('waiting for web');
      main.signal('SIGKILL');
      await main.ended;
      const state = await readFile(join(runnerFolder, 'STATE'), 'utf8');
      expect(state).toContain(project.name);
      const env = { STATE_project: project.name };
      const ended = await beginAction(inputs, { workspace: project.checkout, runnerFolder, entry: post, env }).ended;
      expect(ended.exitCode, ended.output).toBe(0);
      expect(ended.stdout).toMatch(/^::warning title=Recovered::The deploy .* was killed in its stage start/m);
      expect(await readFile(join(runnerFolder, 'STEP_SUMMARY'), 'utf8')).toContain('rolled back');
      await expectRestored(project, before);
    } finally {
      await rm(runnerFolder, { recursive: true, force: true });
      await project.cleanUp();
    }
  });

  it('does nothing when the step ended by itself', async () => {
    const runnerFolder = await mkdtemp(join(tmpdir(), 'homeport-runner-'));
    try {
      const env = { STATE_project: 'shop', STATE_ended: 'true' };
      const options = { workspace: runnerFolder, runnerFolder, entry: post, env };
      const ended = await beginAction({ 'state-directory': join(runnerFolder, 'state') }, options).ended;
      expect(ended.exitCode, ended.output).toBe(0);
      expect(existsSync(join(runnerFolder, 'state'))).toBe(false);
    } finally {
      await rm(runnerFolder, { recursive: true, force: true });
    }
  });
});

/** Kills a deployment, and it alone, once it has said this; gives its ID. */
async function killedAt(project: Project, words: string, flags: readonly string[] = []): Promise<string> {
  const running = project.begin(['deploy', ...flags]);
  await running.said(words);
  running.child.kill('SIGKILL');
  await running.ended;
  const lines = readFileSync(join(project.state, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  return JSON.parse(lines.at(-1) ?? '{}').deployment;
}

async function reportOf(project: Project, id: string): Promise<Outcome['report']> {
  return reportSchema.parse(JSON.parse(await readFile(join(project.state, 'reports', `${id}.json`), 'utf8')));
}

function expectNothingLeft(project: Project): void {
  const names = readdirSync(project.state, { recursive: true }).map(String);
  expect(names.filter((name) => /\.(partial|tmp|draft|index)$|lock\./.test(name))).toEqual([]);
}

/** How many processes have this word among their arguments. */
function processesWith(word: string): number {
  return readdirSync('/proc').filter((id) => {
    if (!/^\d+$/.test(id)) return false;
    try {
      return readFileSync(`/proc/${id}/cmdline`, 'utf8')
        .split('\0')
        .some((argument) => argument.includes(word));
    } catch {
      return false;
    }
  }).length;
}
