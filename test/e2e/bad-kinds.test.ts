import { existsSync } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectAborted, expectClear, idle, soon } from '../support/bad-input.ts';
import { makeProject, type Outcome, type Project } from '../support/project.ts';

const mark = 'pl4nted-s3cret';
const megabyte = 2 ** 20;
const levels = [...'bcdefghij'].map(
  (name, at) => `${name}: &${name} [${Array(10).fill(`*${'abcdefghij'[at]}`).join(',')}]`,
);
const laughs = ['a: &a [ha]', ...levels].join('\n');

interface Said {
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Of the settings file. */
  readonly settings?: string | Buffer;
}

let project: Project;

beforeAll(async () => {
  project = await makeProject({ files: { 'compose.yaml': `services:\n  web:\n    ${idle}\n` }, name: 'kinds' });
  await mkdir(join(project.folder, 'inputs'));
  await writeFile(join(project.folder, 'inputs', 'nul.env'), `TOKEN=${mark}\0x\n`);
  await writeFile(join(project.folder, 'inputs', 'empty.yml'), '\n');
  await writeFile(join(project.folder, 'inputs', 'long.env'), `TOKEN=${mark.repeat(megabyte / mark.length)}\n`);
  await writeFile(join(project.folder, 'inputs', 'many.env'), lines(5000));
});

afterAll(async () => await project?.cleanUp());

function lines(count: number): string {
  return Array.from({ length: count }, (_, index) => `NAME_${index}=${mark}-${index}\n`).join('');
}

async function refused({ flags = [], env = {}, settings }: Said): Promise<Outcome> {
  const path = join(project.checkout, 'homeport.yml');
  if (settings !== undefined) await writeFile(path, settings);
  const before = await readdir(project.folder, { recursive: true });
  try {
    const outcome = await project.homeport(['deploy', ...flags], {
      env: { RUNNER_TEMP: project.folder, ...env },
      timeout: soon,
    });
    expect(outcome.exitCode, outcome.output).toBe(64);
    expect(existsSync(project.stateDirectory)).toBe(false);
    expect((await readdir(project.folder, { recursive: true })).toSorted()).toEqual(before.toSorted());
    expect(await project.containers()).toEqual([]);
    return outcome;
  } finally {
    await rm(path, { force: true });
  }
}

const input = (name: string) => `../inputs/${name}`;

describe('Of at least 40 kinds of bad requests those that bad-input.test.ts does not have', () => {
  it.each<[string, Said, RegExp]>([
    ['a settings file of a megabyte', { settings: `# ${'x'.repeat(megabyte)}` }, /homeport\.yml: .*More than 64 KiB/],
    [
      'a settings file that is no text',
      { settings: Buffer.from([0xff, 0xfe, 0, 1, 2, 0x7b]) },
      /homeport\.yml: expected/,
    ],
    ['tabs in YAML', { settings: 'tests:\n\tunit: make\n' }, /homeport\.yml: .*Tabs are not allowed .*line 2/],
    ['a fault behind line ends of Windows', { settings: 'build: true\r\ntimeout: soon\r\n' }, /timeout .*got `soon`/],
    ['a thousand laughs', { settings: laughs }, /homeport\.yml: .*Unusable alias/],
    ['the same by a flag', { flags: ['--tests', laughs] }, /tests \(flag\): .*Unusable alias/],
    ['an alias within itself', { settings: 'smoke: &a [*a]' }, /homeport\.yml: .*An alias to what it stands in/],
    ['a thousand levels', { flags: ['--smoke', '['.repeat(1000)] }, /smoke \(flag\): .*More than 64 levels/],
    ['`__proto__` for a key', { settings: '__proto__: {build: false}' }, /homeport\.yml: .*`__proto__`/],
    ['`__proto__` for a test', { flags: ['--tests', '__proto__: make'] }, /tests \(flag\): .*`__proto__`/],
    ['`constructor` for a key', { settings: 'constructor: x' }, /constructor \(homeport\.yml\): expected a key that/],
    ['a NUL in a command', { settings: 'tests: {unit: "make\\0x"}' }, /tests\.unit .*without a NUL character/],
    ['a NUL in a secret', { flags: ['--secrets-file', input('nul.env')] }, /secrets\.TOKEN .*without a NUL character/],
    ['a secret of a megabyte', { flags: ['--secrets-file', input('long.env')] }, /secrets\.TOKEN .*at most 100 KiB/],
    [
      '5,000 secrets',
      { flags: ['--secrets-file', input('many.env')] },
      /secrets \(flag\): expected at most 1000 of them/,
    ],
    [
      'secrets that are not there',
      { flags: ['--secrets-file', input('none.env')] },
      /secrets .*a file that can be read/,
    ],
    ['secrets that are a folder', { flags: ['--secrets-file', '..'] }, /secrets .*a file that can be read/],
    ['secrets that are no lines', { env: { HOMEPORT_SECRETS: `A=1\n${mark}` } }, /secrets .*and line 2 is none/],
    ['checks from an empty file', { flags: ['--smoke', `@${input('empty.yml')}`] }, /smoke .*it is empty/],
    ['two that are standard input', { flags: ['--secrets-file', '-', '--webhook-url-file', '-'] }, /standard input/],
    ['a misspelt secret with its value', { flags: [`--telegram-tokn=${mark}`] }, /unknown option '--telegram-tokn'/],
    ['a project that climbs out', { flags: ['--project', '../other'] }, /project .*got `\.\.\/other`.*lower-case/],
    [
      'a settings file that climbs out',
      { flags: ['--config', '../../none.yml'] },
      /config: got `\.\.\/\.\.\/none\.yml`/,
    ],
    ['a settings file that is a folder', { flags: ['--config', '.'] }, /a file that can be read \(EISDIR/],
    ['a duration without end', { flags: ['--backup-keep', `${'9'.repeat(400)}d`] }, /backup-keep .*at most `36500d`/],
    [
      'a size without end',
      { flags: ['--minimum-free-disk', `${'9'.repeat(400)}GiB`] },
      /minimum-free-disk .*a size such/,
    ],
    ['a percentage above 100', { flags: ['--coverage-minimum', '170'] }, /coverage-minimum .*percentage from 0 to 100/],
    ['a yes that is none', { flags: ['--build=maybe'] }, /build \(flag\): got `maybe`, expected `true` or `false`/],
    [
      'a budget without a number',
      { flags: ['--budgets', 'a: {command: b, maximum: 5k}'] },
      /budgets\.a\.maximum .*`5k`/,
    ],
    ['a check of two kinds', { flags: ['--smoke', '- {http: a, tcp: "b:1"}'] }, /smoke entry 1 .*one check an entry/],
    ['an expression that is none', { flags: ['--smoke', '- {http: a, body: "/(/"}'] }, /regular expression between/],
    ['a database without its path', { flags: ['--backup', '[{service: web, kind: sqlite}]'] }, /backup entry 1, path/],
    ['a kind that is not built', { flags: ['--strategy', 'canary'] }, /strategy .*not built yet/],
    ['a chat without a token', { flags: ['--telegram-chat', '1'] }, /telegram-chat .*`telegram-token` beside it/],
    ['a signature for nobody', { env: { HOMEPORT_WEBHOOK_SECRET: mark } }, /webhook-secret .*`webhook-url` beside it/],
    ['a hook that is no address', { env: { HOMEPORT_WEBHOOK_URL: `x ${mark}` } }, /webhook-url .*a URL such as/],
    [
      'a password in an address that is printed',
      { flags: ['--registry-url', `http://u:${mark}@a.example`] },
      /registry-url .*without a user, a password/,
    ],
    [
      'a secret as a build argument',
      { flags: ['--build-args', `T=${mark}`], env: { HOMEPORT_SECRETS: `TOKEN=${mark}` } },
      /build-args\.T .*Compose build secret/,
    ],
    [
      'a variable that is not set',
      { settings: 'project: ${NOT_SET_ANYWHERE}' },
      /project .*the variable `NOT_SET_ANYWHERE`/,
    ],
    [
      'a command of the runner in a key',
      { settings: '"a\\n::error::b": 1' },
      /^ *- ?a\\n::error::b|a\\n::error::b \(home/m,
    ],
  ])('%s is refused by its key, what was expected and a next step; nothing is touched', async (_kind, said, wanted) => {
    const { output } = await refused(said);
    expectClear(output, [wanted]);
    if (!/unknown option/.test(output)) expectClear(output, [/Correct it and start again\. Nothing was touched\./]);
    expect(output).not.toContain(mark);
    expect(output.length).toBeLessThan(5000);
  });
});

describe('A state folder', () => {
  const root = () => project.state;
  const outside = () => join(project.folder, 'outside');

  afterEach(async () => {
    await rm(project.stateDirectory, { recursive: true, force: true });
    await rm(outside(), { recursive: true, force: true });
  });

  it.each<[string, () => Promise<unknown>, RegExp]>([
    ['that everybody can write to', () => chmod(root(), 0o777), /can be written by every user of this machine/],
    ['with a link for its lock', () => symlink('/etc/passwd', join(root(), 'lock')), /lock is a symbolic link/],
    [
      'with a link for its journal',
      () => symlink(join(outside(), 'file'), join(root(), 'journal.jsonl')),
      /journal\.jsonl is a symbolic link/,
    ],
    ['with a folder for `current`', () => mkdir(join(root(), 'current')), /current is a folder/],
    [
      'with a link that leads nowhere',
      () => symlink('none', join(root(), 'logs')),
      /logs is a symbolic link that leads/,
    ],
  ])('%s is refused, and nothing is written there or where it leads', async (_what, make, cause) => {
    await mkdir(root(), { recursive: true, mode: 0o700 });
    await mkdir(outside(), { mode: 0o755 });
    await writeFile(join(outside(), 'file'), 'as it was');
    await make();
    const before = await readdir(project.stateDirectory, { recursive: true });
    const outcome = await project.homeport(['deploy'], { env: { RUNNER_TEMP: project.folder }, timeout: soon });
    expectAborted(outcome, { exitCode: 7, phase: 'preflight', cause, hint: /Nothing was touched\. / });
    expect(await readdir(project.stateDirectory, { recursive: true })).toEqual(before);
    expect(await readdir(outside())).toEqual(['file']);
    expect(await readFile(join(outside(), 'file'), 'utf8')).toBe('as it was');
    expect(await project.containers()).toEqual([]);
  });

  it('that recovers is looked at as well', async () => {
    await mkdir(root(), { recursive: true, mode: 0o777 });
    await chmod(root(), 0o777);
    await writeFile(join(root(), 'journal.jsonl'), '{}\n');
    const outcome = await project.homeport(['recover', '--project', project.name], { timeout: soon });
    expect(outcome.exitCode, outcome.output).toBe(6);
    expectClear(outcome.stderr, [/can be written by every user/, /chmod o-w/]);
  });

  it('has no release that is outside of it', async () => {
    await mkdir(outside());
    await writeFile(join(outside(), 'release.json'), '{}');
    const outcome = await project.homeport(['rollback', '--to', '../../../outside'], { timeout: soon });
    expectAborted(outcome, {
      exitCode: 7,
      phase: 'preflight',
      cause: `There is no release ../../../outside of ${project.name}.`,
      hint: 'No good release is recorded.',
    });
  });

  it('may have its backups on another disk', async () => {
    await mkdir(root(), { recursive: true, mode: 0o700 });
    await mkdir(outside(), { mode: 0o700 });
    await symlink(outside(), join(root(), 'backups'));
    await project.deploy();
  });
});
