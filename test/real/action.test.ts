import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { reportSchema } from '../../src/deployment/report.ts';
import { makeProject, type Project } from '../support/project.ts';
import { runAction } from '../support/run-action.ts';
import { freePort, webProject } from '../support/web.ts';

let project: Project;

beforeAll(async () => {
  project = await makeProject({ name: 'action', files: webProject({ port: await freePort(), version: 'one' }) });
});

afterAll(async () => {
  await project.cleanUp();
});

function inputs(more: Readonly<Record<string, string>>): Record<string, string> {
  return { 'state-directory': project.stateDirectory, 'minimum-free-disk': '1MiB', 'startup-wait': '1s', ...more };
}

describe('the action with the engine', () => {
  it('plans: says what it would do, and changes nothing', async () => {
    const plan = inputs({ command: 'plan', tests: 'unit: ./test.sh', migrate: 'web: ./migrate.sh' });
    const run = await runAction(plan, { workspace: project.checkout });
    expect(run.exitCode, run.output).toBe(0);
    expect(run.outputs).toEqual({
      status: 'success',
      'exit-code': '0',
      commit: await project.git('rev-parse', 'HEAD'),
    });
    expect(run.stdout).toContain(`Plan for ${project.name}`);
    expect(run.stdout).toContain('Nothing was changed.');
    expect(await project.whatRuns()).toEqual({ containers: [], tags: {}, current: null });
    expect(existsSync(project.stateDirectory)).toBe(false);
  });

  it("gives the user's commands the secrets under their names, no input, and shows what they print as ***", async () => {
    const password = 'Wave 9/over+the=Bow?';
    const script = [
      'env > ../seen',
      'echo "plain: $PASSWORD"',
      'echo "hidden: $(printf %s "$PASSWORD" | base64)"',
      'exit 3',
    ].join('; ');
    const deploy = inputs({
      secrets: `PASSWORD='${password}'`,
      tests: `unit: ${JSON.stringify(script)}`,
    });
    const run = await runAction(deploy, { workspace: project.checkout });
    expect(run.exitCode, run.output).toBe(1);
    expect(run.outputs).toMatchObject({ status: 'failed', phase: 'test', 'exit-code': '1' });

    const environment = await readFile(join(project.folder, 'seen'), 'utf8');
    expect(environment).toContain(`\nPASSWORD=${password}\n`);
    expect(environment).not.toContain('INPUT_');

    const printed = run.output.replaceAll(/^::add-mask::.*$/gm, '');
    expect(printed).toContain('plain: ***');
    expect(printed).toMatch(/hidden: \*\*\*/);
    const report = await readFile(run.outputs.report ?? '', 'utf8');
    const log = await readFile(reportSchema.parse(JSON.parse(report)).log ?? '', 'utf8');
    expect(log).toContain('plain: ***');
    for (const place of [printed, run.summary, report, log]) {
      expect(place).not.toContain(password);
      expect(place).not.toContain(Buffer.from(password).toString('base64').slice(0, 20));
    }
    expect(await project.containers()).toEqual([]);
  });

  it('tells what runs', async () => {
    const run = await runAction(inputs({ command: 'status' }), { workspace: project.checkout });
    expect(run.exitCode, run.output).toBe(0);
    expect(run.outputs).toMatchObject({ status: 'success', release: '' });
    expect(run.stdout).toContain(`${project.name}: no release`);
  });
});
