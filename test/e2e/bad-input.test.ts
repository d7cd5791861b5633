import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectAborted, expectClear, idle, soon } from '../support/bad-input.ts';
import { makeProject, type Outcome, type Project } from '../support/project.ts';
import { runAction } from '../support/run-action.ts';

let project: Project;
let before: Awaited<ReturnType<Project['whatRuns']>>;

beforeAll(async () => {
  project = await makeProject({
    files: { 'compose.yaml': `services:\n  web:\n    ${idle}\n  worker:\n    ${idle}\n` },
    name: 'refused',
  });
  await project.deploy();
  before = await project.whatRuns();
});

afterAll(async () => await project?.cleanUp());

/** Asks for a deployment that must be refused before anything is touched, its state folder included. */
async function refused(args: readonly string[], env: Record<string, string> = {}): Promise<Outcome> {
  const state = join(project.folder, 'not-to-be-made');
  const outcome = await project.homeport(['deploy', '--state-directory', state, ...args], {
    env: { RUNNER_TEMP: project.folder, ...env },
    timeout: soon,
  });
  expect(outcome.exitCode, outcome.output).toBe(64);
  expect(existsSync(state)).toBe(false);
  expect(await project.whatRuns()).toEqual(before);
  return outcome;
}

describe('A settings file', () => {
  it.each([
    ['is malformed', 'tests: {unit: "npm test"\nbuild: true', [/homeport\.yml: expected YAML \(.+ at line \d+/]],
    ['is a list', '- build: true', [/homeport\.yml: expected a YAML map/]],
    ['has an unknown key', 'servces: web', [/servces \(homeport\.yml\)/, /did you mean `services`\?/]],
    ['has a value of a wrong type', 'coverage-minimum: plenty', [/coverage-minimum .*got `plenty`.*percentage/]],
    ['has a negative duration', 'start-timeout: -5m', [/start-timeout .*got `-5m`, expected a duration such as/]],
    ['has a project name in capitals', 'project: MyShop', [/project .*got `MyShop`.*lower-case/]],
    ['has several faults', 'timeout: 0s\nkeep-releases: -1', [/has 2 problems/, /timeout/, /keep-releases/]],
  ] as const)('that %s is refused by name', async (_what, settings, words) => {
    await project.write({ 'homeport.yml': settings });
    try {
      const { output } = await refused([]);
      expectClear(output, [...words, /Correct it and start again\. Nothing was touched\./]);
    } finally {
      await project.write({ 'homeport.yml': null });
    }
  });

  it('that is named and not there is refused', async () => {
    expectClear((await refused(['--config', 'hmoeport.yml'])).output, [/config.*`hmoeport\.yml`.*that is there/]);
  });
});

describe('A service that the compose file does not have', () => {
  it('is refused in every key that names one, all of them at once', async () => {
    const outcome = await refused([
      ...['--services', 'wbe'],
      ...['--migrate', 'wroker: ./migrate.sh'],
      ...['--smoke', '[{exec: {service: api, command: "true"}}, {database: db}]'],
      ...['--backup', '[{service: postgres, kind: postgres}]'],
    ]);
    const sentence = (key: string, name: string) =>
      `\`${key}\` names the service \`${name}\`, which the compose file does not have`;
    const wanted = { exitCode: 64, phase: 'preflight', hint: 'The services are: web, worker.' } as const;
    expectAborted(outcome, { ...wanted, cause: `${sentence('services', 'wbe')} (did you mean \`web\`?).` });
    expectAborted(outcome, { ...wanted, cause: `${sentence('migrate', 'wroker')} (did you mean \`worker\`?).` });
    expectAborted(outcome, { ...wanted, cause: sentence('smoke', 'api') });
    expectAborted(outcome, { ...wanted, cause: sentence('smoke', 'db') });
    expectAborted(outcome, { ...wanted, cause: sentence('backup', 'postgres') });
  });
});

describe('What is named and not there', () => {
  it('is told of a compose file', async () => {
    expectAborted(await refused(['--compose-file', 'compose.prod.yaml']), {
      exitCode: 64,
      phase: 'preflight',
      cause: `There is no compose file ${join(project.checkout, 'compose.prod.yaml')}.`,
      hint: /`compose-file`/,
    });
  });

  it('is told of a working directory', async () => {
    const { report } = await refused(['--working-directory', 'srevice']);
    expect(report.error?.message).toContain(join(project.checkout, 'srevice'));
  });

  it('is told of a working directory by a command that only looks, too', async () => {
    const outcome = await project.homeport(['status', '--working-directory', 'srevice'], { timeout: soon });
    expect(outcome.exitCode, outcome.output).toBe(64);
    expectClear(outcome.stderr, [/there is no folder .+srevice/]);
  });

  it('leaves it to the report to say what runs', async () => {
    const outcome = await project.homeport(['deploy', '--services', 'wbe'], {
      env: { RUNNER_TEMP: project.folder },
    });
    expect(outcome.report.previous_release).toBe(before.current);
    expect(outcome.stdout).toContain(`Running now: The old release ${before.current}, untouched.`);
  });
});

describe('The command line', () => {
  it.each([
    [['deplyo'], /unknown command 'deplyo'[\s\S]*Did you mean deploy\?/],
    [['deploy', '--servcies', 'web'], /unknown option '--servcies'[\s\S]*Did you mean --services\?/],
    [['deploy', 'web'], /too many arguments/],
    [['restore'], /missing required argument 'file'/],
  ] as const)('%j is refused with what was probably meant', async (words, wanted) => {
    const outcome = await project.homeport(words, { timeout: soon });
    expect(outcome.exitCode, outcome.output).toBe(64);
    expectClear(outcome.stderr, [wanted]);
    expect(await project.whatRuns()).toEqual(before);
  });

  it('does not take a secret, and does not repeat it', async () => {
    const { output } = await refused(['--secrets', 'TOKEN=hunter2hunter2']);
    expectClear(output, [/HOMEPORT_SECRETS/]);
    expect(output).not.toContain('hunter2');
  });
});

describe('A compose file', () => {
  it.each([
    ['is malformed', 'services:\n  web: [', /not valid: .*yaml: line \d+/],
    ['has an unknown key', 'services:\n  web:\n    imag: busybox\n', /not valid: .*imag is not allowed/],
    ['needs a variable that is not set', `services:\n  web:\n    image: \${IMAGE:?name the image}\n`, /name the image/],
    ['includes a file that is not there', 'include: [more.yaml]\nservices: {}\n', /not valid: .*more\.yaml/],
  ])('that %s is told in the words of Compose, and how to see the same', async (_what, text, cause) => {
    await project.write({ 'broken.yaml': `name: ${project.name}\n${text}` });
    const outcome = await project.homeport(['deploy', '--compose-file', 'broken.yaml'], { timeout: soon });
    expect(outcome.report).toMatchObject({ project: project.name, previous_release: before.current });
    expectAborted(outcome, {
      exitCode: 7,
      phase: 'preflight',
      cause,
      hint: /`docker compose -f .+broken\.yaml config`/,
    });
    expect(await project.whatRuns()).toEqual(before);
  });

  it('that is a folder is told', async () => {
    await mkdir(join(project.checkout, 'folder.yaml'));
    const outcome = await project.homeport(['deploy', '--project', project.name, '--compose-file', 'folder.yaml']);
    expectAborted(outcome, { exitCode: 7, phase: 'preflight', cause: /folder\.yaml: is a directory/, hint: /config/ });
  });

  it('that is nowhere is told, with the names that are looked for', async () => {
    const empty = join(project.folder, 'empty');
    await mkdir(empty);
    const outcome = await project.homeport(['deploy', '--project', project.name, '--working-directory', empty]);
    expectAborted(outcome, {
      exitCode: 7,
      phase: 'preflight',
      cause: `There is no compose file in ${empty}.`,
      hint: /compose\.yaml, compose\.yml, docker-compose\.yml and docker-compose\.yaml/,
    });
    expect(await project.whatRuns()).toEqual(before);
  });
});

describe('The action', () => {
  const entry = fileURLToPath(new URL('../../src/action/main.ts', import.meta.url));

  it.each([
    ['an unknown service', { services: 'wbe' }, /did you mean `web`\?/],
    ['a value of a wrong type', { timeout: 'soon' }, /timeout \(input\): got `soon`/],
  ] as const)('fails the step for %s, and says so in its outputs', async (_what, inputs, wanted) => {
    const state = join(project.folder, 'not-to-be-made');
    const run = await runAction({ ...inputs, 'state-directory': state }, { workspace: project.checkout, entry });
    expect(run.exitCode, run.output).toBe(1);
    expect(run.outputs).toMatchObject({ status: 'aborted', phase: 'preflight', 'exit-code': '64' });
    const errors = run.commands.filter(({ name }) => name === 'error');
    expectClear(errors.map(({ message }) => message).join('\n'), [wanted]);
    expect(existsSync(state)).toBe(false);
    expect(await project.whatRuns()).toEqual(before);
  });
});
