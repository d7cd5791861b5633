import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ensureAct } from '../../scripts/act.ts';
import { requestKeys } from '../../src/request/schema.ts';
import * as layouts from './layouts.ts';
import { planned } from './support.ts';

const action = fileURLToPath(new URL('../../action.yml', import.meta.url));
let actionlint = '';
let folder = '';

beforeAll(async () => {
  ({ actionlint } = await ensureAct((line) => process.stderr.write(`${line}\n`)));
  folder = await mkdtemp(join(tmpdir(), 'homeport-init-'));
}, 900_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

const workflowSchema = z.object({
  jobs: z.object({
    homeport: z.object({ steps: z.array(z.object({ uses: z.string(), with: z.looseObject({}).optional() })) }),
  }),
});

const given: Record<string, Parameters<typeof planned>[1]> = {
  jhipster: { composeFiles: ['src/main/docker/app.yml'] },
  monorepo: { folder: 'apps/shop' },
};

describe('the workflow that init writes', () => {
  it.each(Object.entries(layouts))('is valid for %s, and gives the action inputs that it has', async (name, layout) => {
    const { workflow } = await planned(layout, given[name]);
    const { steps } = workflowSchema.parse(parse(workflow)).jobs.homeport;
    expect(steps.map(({ uses }) => uses)).toEqual(['actions/checkout@v5', 'homeport-dev/homeport@v1']);
    expect(requestKeys).toEqual(expect.arrayContaining(Object.keys(steps[1]?.with ?? {})));
    expect(await complaints(name, workflow)).toBe('');
  });

  it('would be refused by that check for an input that the action does not have', async () => {
    const { workflow } = await planned(layouts.backAndFrontEnd);
    expect(await complaints('misspelt', workflow.replace(' secrets: |', ' secretz: |'))).toContain(
      '"secretz" is not defined',
    );
  });
});

/** What actionlint says of it, as if the action were the repository's own: only then does it know the inputs. */
async function complaints(name: string, workflow: string): Promise<string> {
  const repository = join(folder, name);
  const workflows = join(repository, '.github', 'workflows');
  await mkdir(workflows, { recursive: true });
  await mkdir(join(repository, '.git'), { recursive: true });
  const own = await readFile(action, 'utf8');
  // Its bundles are not there: what it runs is not looked at here.
  await writeFile(
    join(repository, 'action.yml'),
    own.replace(/^runs:[\s\S]*/m, 'runs: {using: composite, steps: []}\n'),
  );
  const file = join(workflows, 'deploy.yml');
  await writeFile(file, workflow.replace('homeport-dev/homeport@v1', './'));
  const argv = ['-no-color', '-oneline', '-shellcheck=', '-pyflakes=', file];
  const result = await execa(actionlint, argv, { cwd: workflows, reject: false, timeout: 30_000, stdin: 'ignore' });
  return `${result.stdout}${result.stderr}`;
}
