import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { reportSchema } from '../../src/deployment/report.ts';
import { ask } from '../support/client.ts';
import { expectVerdict, stageStatus } from '../support/expectations.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, webImage, webProject } from '../support/web.ts';

describe('a deployment whose rollback fails too', () => {
  let project: Project;
  let port: number;
  let outside: string;
  let imageOfOld: string;

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({ files: { 'README.md': 'nothing yet\n' }, name: 'critical' });
    outside = join(project.folder, 'outside');
    await mkdir(outside);
    await writeFile(join(outside, 'ok'), '');
    const behaviour = { kind: 'needs-file', path: '/outside/ok' } as const;
    const extra = `volumes: ['${outside}:/outside:ro']\n`;
    await project.commit('v1', webProject({ port, version: 'v1', behaviour, extra }));
    await project.deploy(['--smoke', `[{run: 'test ! -e ${outside}/strict', retries: 0}]`]);
    imageOfOld = (await project.container('web')).imageId;
  });
  afterAll(async () => await project?.cleanUp());

  const critical = {
    exitCode: 6,
    status: 'failed',
    phase: 'rollback',
    details: expect.objectContaining({ critical: true, seen: expect.anything(), commands: expect.anything() }),
  };

  it('exits with 6 when the old release does not start any more, and says what to run', async () => {
    const good = await project.current();
    await project.commit('bad', webImage('web', { version: 'bad', behaviour: { kind: 'exits-at-start' } }));
    await rm(join(outside, 'ok'));
    const outcome = await project.homeport(['deploy']);
    expectVerdict(outcome, critical);
    expect(stageStatus(outcome, 'start')).toBe('failed');
    const { error } = outcome.report;
    expect(error?.message).toMatch(/^CRITICAL: the rollback to .* failed too/);
    expect(error?.message).toContain('It was needed because: ');
    expect(outcome.report.details.seen).toEqual([
      expect.stringMatching(new RegExp(`^${project.name}-web-1: .*, image ${imageOfOld.slice(7, 19)}$`)),
    ]);
    expect(error?.excerpt).toContain('/outside/ok is gone');
    expect(error?.excerpt).toContain('something is wrong');
    expect(await project.current()).toBe(good);
  });

  it('has a command in its report that brings the old release back once the cause is gone', async () => {
    await writeFile(join(outside, 'ok'), '');
    const shown = await project.homeport(['report', '--format', 'json']);
    const { details } = reportSchema.parse(JSON.parse(shown.stdout));
    const [, , command = ''] = z.array(z.string()).parse(details.commands);
    await execa('bash', ['-c', command], { timeout: 60_000 });
    expect((await ask(`http://127.0.0.1:${port}/version`)).answer).toBe('v1');
    expect((await project.container('web')).imageId).toBe(imageOfOld);
  });

  it('exits with 6 when the smoke checks of the old release say no, too', async () => {
    await project.commit('bad again', webImage('web', { version: 'bad again' }));
    await writeFile(join(outside, 'strict'), '');
    const outcome = await project.homeport(['deploy', '--smoke', '[{run: "false", retries: 0}]']);
    expectVerdict(outcome, critical);
    expect(stageStatus(outcome, 'smoke')).toBe('failed');
    expect(outcome.report.error?.message).toContain('Smoke failed');
  });

  it('deploys the next good commit without help', async () => {
    await project.commit('good', webImage('web', { version: 'v3' }));
    const outcome = await project.deploy();
    // The way back is tried once more first: what made it fail may be mended by now.
    const details = { recovered_before: expect.any(String) };
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote', details });
  });
});
