import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { ensureAct } from '../../scripts/act.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const published = 'homeport-dev/homeport@v1';
const workflows = await workflowFiles();
const permissions = z.record(z.string(), z.string());
/** A workflow has permissions of its own: GitHub's default may be to write. */
const workflow = z.object({
  permissions,
  jobs: z.record(
    z.string(),
    z.object({
      permissions: permissions.optional(),
      steps: z.array(z.object({ run: z.string().optional() })).optional(),
    }),
  ),
});
let actionlint = '';
let folder = '';

beforeAll(async () => {
  ({ actionlint } = await ensureAct((line) => process.stderr.write(`${line}\n`)));
  folder = await mkdtemp(join(tmpdir(), 'homeport-workflows-'));
}, 900_000);

afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('the workflows', () => {
  it('are those of this repository and of every example', () => {
    expect(workflows).toContain('.github/workflows/ci.yml');
    expect(workflows).toContain('.github/workflows/release.yml');
    expect(workflows).toContain('examples/guestbook/.github/workflows/deploy.yml');
    expect(workflows).toContain('examples/server-agent/.github/workflows/deploy.yml');
    expect(workflows).toContain('examples/two-services/.github/workflows/deploy.yml');
  });

  it.each(workflows)('%s is a valid workflow', async (path) => {
    expect(await lint(join(root, path))).toBe('');
  });

  it.each(workflows)("%s names others' actions by a commit, with the version beside it", async (path) => {
    const named = (await readFile(join(root, path), 'utf8')).match(/^ *(- )?uses: .+$/gm) ?? [];
    expect(named.length).toBeGreaterThan(0);
    for (const line of named.map((one) => one.replace(/^ *(- )?uses: /, ''))) {
      if (line === published || line.startsWith('./')) continue;
      expect(line).toMatch(/^[\w-]+\/[\w-]+(\/[\w-]+)*@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    }
  });

  it('give one commit of an action one version', async () => {
    const versions = new Map<string, Set<string>>();
    for (const path of workflows) {
      const text = await readFile(join(root, path), 'utf8');
      for (const [, commit = '', version = ''] of text.matchAll(/uses: (\S+@[0-9a-f]{40}) # (v\S+)$/gm)) {
        versions.set(commit, (versions.get(commit) ?? new Set()).add(version));
      }
    }
    expect([...versions].filter(([, told]) => told.size > 1)).toEqual([]);
  });

  it('let nothing that comes from a package registry run where a job may write', async () => {
    for (const path of workflows) {
      const { permissions, jobs } = workflow.parse(parse(await readFile(join(root, path), 'utf8')));
      for (const [name, job] of Object.entries(jobs)) {
        const writes = Object.values(job.permissions ?? permissions).includes('write');
        const commands = (job.steps ?? []).map(({ run = '' }) => run).join('\n');
        if (writes) expect(commands, `${path}, ${name}`).not.toMatch(/\b(npm|npx|pip|\.ci\/run)\b/);
      }
    }
  });

  it.each(workflows.filter((path) => path.startsWith('examples/')))(
    '%s gives the action inputs that it has, and reads outputs that it has',
    async (path) => {
      const text = await readFile(join(root, path), 'utf8');
      expect(text).toContain(published);
      expect(await lintWithAction(text)).toBe('');
    },
  );

  it('would be refused for an input or an output that the action does not have', async () => {
    const text = await readFile(join(root, 'examples/guestbook/.github/workflows/deploy.yml'), 'utf8');
    const misspelt = text.replace('telegram-chat:', 'telegram-chap:').replace('.outputs.coverage', '.outputs.coverag');
    const complaints = await lintWithAction(misspelt);
    expect(complaints).toContain('"telegram-chap" is not defined in action "Homeport"');
    expect(complaints).toContain('property "coverag" is not defined');
  });
});

/** Checked as if the action were the repository's own: only then does actionlint know its inputs and outputs. */
async function lintWithAction(text: string): Promise<string> {
  const repository = await mkdtemp(join(folder, 'repository-'));
  await cp(join(root, 'action.yml'), join(repository, 'action.yml'));
  await cp(join(root, 'dist'), join(repository, 'dist'), { recursive: true });
  const file = join(repository, '.github', 'workflows', 'deploy.yml');
  await mkdir(dirname(file), { recursive: true });
  // It takes the folder that has `.git` for the one that `./` means.
  await mkdir(join(repository, '.git'));
  await writeFile(file, text.replace(published, './'));
  return await lint(file);
}

/** What actionlint has to say; nothing is a good workflow. */
async function lint(file: string): Promise<string> {
  const argv = ['-no-color', '-oneline', '-shellcheck=', '-pyflakes=', file];
  const result = await execa(actionlint, argv, { cwd: dirname(file), reject: false, timeout: 30_000, stdin: 'ignore' });
  return `${result.stdout}${result.stderr}`;
}

async function workflowFiles(): Promise<string[]> {
  const examples = await readdir(join(root, 'examples'));
  const folders = ['', ...examples.map((example) => `examples/${example}/`)].map((base) => `${base}.github/workflows`);
  const found = await Promise.all(
    folders.map(async (path) => (await readdir(join(root, path))).map((name) => `${path}/${name}`)),
  );
  return found.flat();
}
