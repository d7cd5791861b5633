import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectVerdict } from '../support/expectations.ts';
import { makeProject, type Outcome, type Project } from '../support/project.ts';
import { freePort, webProject } from '../support/web.ts';

describe('a secret', () => {
  let project: Project;
  let port: number;
  // Characters that base64, URLs, JSON, YAML, Compose and shells each treat in a way of their own.
  const secret = `p@ss/$${randomBytes(6).toString('hex')}+"w'rd" =1`;
  const env = { HOMEPORT_SECRETS: `TOKEN='${secret.replaceAll("'", "\\'")}'` };
  const forms = [
    secret,
    Buffer.from(secret).toString('base64'),
    ...[1, 2].map((shift) =>
      Buffer.from('x'.repeat(shift) + secret)
        .toString('base64')
        .slice(4, -4),
    ),
    encodeURIComponent(secret),
  ];
  const telling = 'echo "$TOKEN"; for x in "" x xx; do printf %s "$x$TOKEN" | base64 | tr -d "\\n"; echo; done';
  const outputs: string[] = [];

  beforeAll(async () => {
    port = await freePort();
    project = await makeProject({ files: files(''), name: 'secrets' });
  });
  afterAll(async () => await project?.cleanUp());

  function files(more: string): Record<string, string> {
    return webProject({ port, version: 'v1', extra: `environment: {TOKEN: '\${TOKEN:?}'}\n${more}` });
  }

  async function deploy(...flags: string[]): Promise<Outcome> {
    const outcome = await project.homeport(['deploy', ...flags], { env });
    outputs.push(outcome.output);
    return outcome;
  }

  it('reaches tests, migrations, smoke checks and the service, and is on no command line meanwhile', async () => {
    await writeFile(join(project.folder, 'token'), secret);
    const seen: string[] = [];
    const watch = setInterval(() => seen.push(...commandLinesWith(secret)), 50);
    const reached = `test -n "$TOKEN"; ${telling}`;
    const outcome = await deploy(
      '--tests',
      JSON.stringify({ unit: `${reached}; test "$TOKEN" = "$(cat ${project.folder}/token)"` }),
      '--migrate',
      JSON.stringify({ web: 'test -n "$TOKEN"; echo "$TOKEN"' }),
      '--smoke',
      JSON.stringify([{ run: reached }, { exec: { service: 'web', command: ['sh', '-c', 'echo "$TOKEN"'] } }]),
    );
    clearInterval(watch);
    expectVerdict(outcome, { exitCode: 0, status: 'success', phase: 'promote' });
    expect((await project.container('web')).environment).toContain(`TOKEN=${secret}`);
    expect(seen).toEqual([]);
  });

  it('may be told by what fails', async () => {
    const gate = await deploy('--tests', JSON.stringify({ unit: `${telling}; exit 1` }));
    expectVerdict(gate, { exitCode: 1, status: 'failed', phase: 'test' });
    expect(gate.report.error?.excerpt).toContain('***');

    const smoke = await deploy('--smoke', JSON.stringify([{ run: `${telling}; exit 1`, retries: 0 }]));
    // The containers are those of before: there is nothing to roll back.
    expectVerdict(smoke, { exitCode: 4, status: 'failed', phase: 'smoke' });
    expect(smoke.stdout).toContain(`The old release ${smoke.report.previous_release}, untouched.`);

    await project.commit('loop', files('command: [sh, -c, "env; exit 1"]\n'));
    const start = await deploy();
    expectVerdict(start, { exitCode: 3, status: 'rolled_back', phase: 'start' });
    expect(start.report.error?.excerpt).toContain('TOKEN=***');
  });

  it('is in nothing that was printed, logged or reported, in base64 and URL-encoded form neither', async () => {
    for (const format of ['text', 'json', 'html', 'telegram']) {
      outputs.push((await project.homeport(['report', '--format', format])).output);
    }
    outputs.push((await project.homeport(['logs'])).output, (await project.homeport(['history', '--json'])).output);
    const files = await filesBelow(project.state);
    const told = files.filter((path) => !/releases\/[^/]+\/(environment\.json|compose\.yaml)$/.test(path));
    expect(told.length).toBeGreaterThan(8);
    for (const path of told) outputs.push(`${path}\n${await readFile(path, 'utf8')}`);
    for (const text of outputs) {
      for (const form of forms) expect(text.includes(form), `${form} in\n${text}`).toBe(false);
    }
  });

  it('is kept where only its owner can read it', async () => {
    const own = (await filesBelow(project.state)).filter((path) => !path.startsWith(join(project.state, 'files')));
    for (const path of own) {
      expect((await stat(path)).mode & 0o077, path).toBe(0);
    }
    expect((await stat(project.state)).mode & 0o077).toBe(0);
  });
});

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

function commandLinesWith(word: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
        return line.includes(word) ? [line] : [];
      } catch {
        return [];
      }
    });
}
