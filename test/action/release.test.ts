import { chmod, cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { majorToMove, releaseNotes } from '../../scripts/release.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const manifest = '{"version": "1.2.3"}';
const changelog =
  '# Changelog\n\n## [Unreleased]\n\n## [1.2.3] - 2026-11-21\n\n### Added\n\n- A.\n\n## [1.2.2] - 2026-11-20\n\n- B.\n';

describe('the notes of a version', () => {
  it('are its section of the changelog', () => {
    expect(releaseNotes('v1.2.3', { manifest, changelog })).toBe('### Added\n\n- A.');
  });

  it.each([
    ['v1.2', manifest, changelog, 'v1.2 is no version'],
    ['v01.2.3', manifest, changelog, 'v01.2.3 is no version'],
    ['v1.2.3-rc.1', manifest, changelog, 'v1.2.3-rc.1 is no version'],
    ['v1.2.2', manifest, changelog, 'package.json says 1.2.3, the tag v1.2.2'],
    ['v1.2.3', manifest, '## [Unreleased]\n\n- A.\n', 'no section "## [1.2.3] - <date>"'],
    ['v1.2.3', manifest, '## [1.2.3] - soon\n\n- A.\n', 'no section "## [1.2.3] - <date>"'],
    ['v1.2.3', manifest, '## [1.2.3] - 2026-11-21\n\n## [1.2.2] - 2026-11-20\n', 'is empty'],
  ])('are refused for %s where they can not be right', (tag, ownManifest, ownChangelog, reason) => {
    expect(() => releaseNotes(tag, { manifest: ownManifest, changelog: ownChangelog })).toThrow(reason);
  });
});

describe('the tag of a major version', () => {
  it('moves to the newest of its versions, by number', () => {
    expect(majorToMove('v1.10.0', ['refs/tags/v1.9.9', 'refs/tags/v1.10.0', 'refs/tags/v1', ''])).toBe('v1');
    expect(majorToMove('v2.0.0', ['refs/tags/v1.9.9'])).toBe('v2');
  });

  it('stays when an older line gets a fix, whatever other majors there are', () => {
    expect(majorToMove('v1.9.10', ['refs/tags/v1.10.0'])).toBeUndefined();
    expect(majorToMove('v1.9.10', ['refs/tags/v1.9.9', 'refs/tags/v2.0.0'])).toBe('v1');
  });
});

/* What the workflow's own steps do, with a `gh` that stands for GitHub: it notes what it is asked, and knows some tags. */
describe('the release workflow', () => {
  let folder = '';
  let commit = '';

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'homeport-release-'));
    const checkout = join(folder, 'checkout');
    await mkdir(checkout);
    for (const part of ['scripts/release.ts', 'action.yml', 'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE']) {
      await cp(join(root, part), join(checkout, part));
    }
    await mkdir(join(checkout, 'dist'));
    await writeFile(join(checkout, 'dist/index.js'), '// what GitHub runs\n');
    await git('init', '--quiet');
    await git('add', '--all');
    await git('-c', 'user.name=Test', '-c', 'user.email=test@example.org', 'commit', '--quiet', '--message', 'first');
    commit = await git('rev-parse', 'HEAD');
    const gh = `#!/bin/sh\nprintf '%s\\n' "$*" >> "${folder}/asked"\ncase $* in *matching-refs*) cat "${folder}/tags" ;; esac\n`;
    await mkdir(join(folder, 'bin'));
    await writeFile(join(folder, 'bin/gh'), gh);
    await chmod(join(folder, 'bin/gh'), 0o755);
  });

  afterEach(async () => {
    await rm(folder, { recursive: true, force: true });
  });

  it('packs what the action and the command line need, and nothing else', async () => {
    await runStep('publish', 'Pack what GitHub runs, and the command line', {});
    const packed = await execa('tar', ['-tzf', 'homeport-1.2.3.tar.gz'], { cwd: join(folder, 'checkout') });
    const files = packed.stdout.split('\n').filter((name) => !name.endsWith('/'));
    const wanted = ['CHANGELOG.md', 'LICENSE', 'README.md', 'action.yml', 'dist/index.js', 'package.json'];
    expect(files.toSorted()).toEqual(wanted.map((name) => `homeport-1.2.3/${name}`));
    const sums = ['--check', '--status', 'homeport-1.2.3.tar.gz.sha256'];
    expect(await execa('sha256sum', sums, { cwd: join(folder, 'checkout') })).toMatchObject({ exitCode: 0 });
  });

  it.each([
    ['push', ['refs/tags/v1.2.3']],
    ['workflow_dispatch', ['refs/tags/v1.2.30']],
  ])('publishes what a %s asks for, with the notes and both files', async (event, tags) => {
    const { asked } = await runStep('publish', 'Publish the release', { event, tags });
    expect(asked.at(-1)).toBe(
      `release create v1.2.3 --repo octo/homeport --target ${commit} --title v1.2.3 --notes All is new. homeport-1.2.3.tar.gz homeport-1.2.3.tar.gz.sha256`,
    );
  });

  it('never gives an old version another content by hand', async () => {
    const run = await runStep('publish', 'Publish the release', {
      event: 'workflow_dispatch',
      tags: ['refs/tags/v1.2.3'],
    });
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toContain('::error::There is a tag v1.2.3 already');
    expect(run.asked.join('\n')).not.toContain('release create');
  });

  it.each([
    ['makes', ['refs/tags/v1.2.3'], 'api --method POST repos/octo/homeport/git/refs -f ref=refs/tags/v1 -f sha='],
    [
      'moves',
      ['refs/tags/v1', 'refs/tags/v1.2.3'],
      'api --method PATCH repos/octo/homeport/git/refs/tags/v1 -F force=true -f sha=',
    ],
  ])('%s the tag that workflows name', async (_verb, tags, words) => {
    const { asked } = await runStep('major', 'Move the tag of the major version', { tags });
    expect(asked.at(-1)).toBe(`${words}${commit}`);
  });

  it('leaves that tag at a newer version', async () => {
    const run = await runStep('major', 'Move the tag of the major version', {
      tags: ['refs/tags/v1', 'refs/tags/v1.3.0'],
    });
    expect(run).toMatchObject({ exitCode: 0, stdout: 'There is a newer version than v1.2.3: its major tag stays.' });
    expect(run.asked).toHaveLength(1);
  });

  async function git(...words: string[]): Promise<string> {
    return (await execa('git', words, { cwd: join(folder, 'checkout') })).stdout;
  }

  /** Runs the commands of a step as GitHub's runner does. */
  async function runStep(job: string, name: string, given: { event?: string; tags?: readonly string[] }) {
    await writeFile(join(folder, 'tags'), (given.tags ?? []).map((tag) => `${tag}\n`).join(''));
    const script = join(folder, 'step.sh');
    await writeFile(script, await commandsOf(job, name));
    const result = await execa('bash', ['-e', script], {
      cwd: join(folder, 'checkout'),
      env: {
        PATH: [join(folder, 'bin'), dirname(process.execPath), process.env.PATH].join(delimiter),
        TAG: 'v1.2.3',
        NOTES: 'All is new.',
        GITHUB_REPOSITORY: 'octo/homeport',
        GITHUB_EVENT_NAME: given.event ?? 'push',
      },
      reject: false,
      timeout: 20_000,
    });
    const notes = (await readdir(folder)).includes('asked') ? await readFile(join(folder, 'asked'), 'utf8') : '';
    return { exitCode: result.exitCode, stdout: result.stdout, asked: notes.split('\n').slice(0, -1) };
  }
});

const release = z.object({
  jobs: z.record(
    z.string(),
    z.object({
      steps: z.array(z.object({ name: z.string().optional(), run: z.string().optional() })).default([]),
    }),
  ),
});

async function commandsOf(job: string, name: string): Promise<string> {
  const { jobs } = release.parse(parse(await readFile(join(root, '.github/workflows/release.yml'), 'utf8')));
  const commands = jobs[job]?.steps.find((step) => step.name === name)?.run;
  if (commands === undefined) throw new Error(`release.yml has no step "${name}" in ${job}`);
  return commands;
}
