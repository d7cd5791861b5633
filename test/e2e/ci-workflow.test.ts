import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { ensureAct } from '../../scripts/act.ts';
import { runAct, type WorkflowRun } from '../support/act.ts';
import { makeProject, type Project } from '../support/project.ts';
import { freePort } from '../support/web.ts';

/* This repository's own workflow: the action of a commit deploys an example twice, and goes back. */

const root = fileURLToPath(new URL('../../', import.meta.url));
const workflow = '.github/workflows/ci.yml';
const jobs = z.object({
  jobs: z.object({ example: z.object({ steps: z.array(z.object({ uses: z.string().optional() })) }) }),
});
let project: Project | undefined;
let run: WorkflowRun;

beforeAll(async () => {
  const { act } = await ensureAct((line) => process.stderr.write(`${line}\n`));
  project = await makeProject({ name: 'ci', files: {} });
  for (const part of ['action.yml', 'dist', 'examples/guestbook', workflow]) {
    await cp(join(root, part), join(project.checkout, part), { recursive: true });
  }
  const uses = await giveOwnName(project);
  await project.git('remote', 'add', 'origin', `https://github.com/octo/${project.name}.git`);
  await project.commit('Copy the workflow and what it uses');

  // Node is there already, and this one would download it.
  const setUpNode = uses.find((one) => one.startsWith('actions/setup-node@')) ?? '';
  const nothing = join(project.folder, 'setup-node');
  await mkdir(nothing);
  const steps = '  steps:\n    - run: node --version\n      shell: bash\n';
  await writeFile(join(nothing, 'action.yml'), `name: none\nruns:\n  using: composite\n${steps}`);
  run = await runAct(project, act, [
    ...['push', '--job', 'example', '--matrix', 'example:guestbook', '-P', 'ubuntu-latest=-self-hosted'],
    ...['--local-repository', `${setUpNode}=${nothing}`, '--env', `GUESTBOOK_PORT=${await freePort()}`],
  ]);
}, 600_000);

afterAll(async () => {
  await project?.cleanUp();
});

describe('the job that uses the action on each example', () => {
  it('deploys, looks at the outputs, deploys a change, goes back, and looks again', () => {
    expect(run.steps, run.log).toMatchObject({
      Deploy: 'success',
      'Look at the first deployment': 'success',
      'Commit a change': 'success',
      'Deploy the change': 'success',
      'Go back': 'success',
      'Look at the way there and back': 'success',
      'Show what runs': 'success',
    });
    expect(run, run.log).toMatchObject({ exitCode: 0, jobResult: 'success' });
  });
});

/** Another guestbook may run on this machine. Gives all that the job uses. */
async function giveOwnName({ name, checkout }: Project): Promise<string[]> {
  const path = join(checkout, workflow);
  const document = parseDocument(await readFile(path, 'utf8'));
  const { steps } = jobs.parse(document.toJS()).jobs.example;
  for (const [index, { uses }] of steps.entries()) {
    if (uses !== './') continue;
    for (const [key, value] of Object.entries({ project: name, 'startup-wait': '1s', 'minimum-free-disk': '1MiB' })) {
      document.setIn(['jobs', 'example', 'steps', index, 'with', key], value);
    }
  }
  await writeFile(path, document.toString());
  return steps.flatMap(({ uses }) => uses ?? []);
}
