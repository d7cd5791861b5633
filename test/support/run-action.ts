import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { requestKeys } from '../../src/request/schema.ts';
import { begin, type Ended, type Running } from './homeport.ts';
import { plainEnvironment } from './project.ts';

/** What GitHub runs. */
export const bundle = fileURLToPath(new URL('../../dist/main/index.js', import.meta.url));

/** A workflow command, as the runner understands the line. */
export interface WorkflowCommand {
  readonly name: string;
  readonly properties: Readonly<Record<string, string>>;
  readonly message: string;
}

export interface ActionRun extends Ended {
  readonly commands: readonly WorkflowCommand[];
  /** What a later step reads as `steps.<id>.outputs`. */
  readonly outputs: Readonly<Record<string, string>>;
  readonly summary: string;
  /** What was handed on to later steps, or to the `post` of this one. */
  readonly handedOn: string;
}

export interface ActionOptions {
  /** The checkout; also where the action runs. */
  readonly workspace: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly entry?: string;
  /** Milliseconds. */
  readonly timeout?: number;
}

const files = { output: 'OUTPUT', summary: 'STEP_SUMMARY', state: 'STATE', environment: 'ENV', path: 'PATH' } as const;

/** Begins the bundled action as the runner does: every declared input is a variable, empty when it was not given. */
export function beginAction(
  inputs: Readonly<Record<string, string>>,
  options: ActionOptions & { readonly runnerFolder: string },
): Running {
  const given = { ...Object.fromEntries(requestKeys.map((key) => [key, ''])), ...inputs };
  const inputVariables = Object.entries(given).map(([name, value]) => [
    `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
    value,
  ]);
  return begin([options.entry ?? bundle], {
    cwd: options.workspace,
    env: {
      ...plainEnvironment(),
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTOR: 'octocat',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_REF_NAME: 'main',
      GITHUB_REPOSITORY: 'octo/shop',
      GITHUB_RUN_ID: '42',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_WORKSPACE: options.workspace,
      RUNNER_TEMP: options.runnerFolder,
      ...Object.fromEntries(Object.values(files).map((name) => [`GITHUB_${name}`, join(options.runnerFolder, name)])),
      ...Object.fromEntries(inputVariables),
      ...options.env,
    },
    timeout: options.timeout ?? 120_000,
  });
}

/** Runs the bundled action to its end. */
export async function runAction(inputs: Readonly<Record<string, string>>, options: ActionOptions): Promise<ActionRun> {
  const runnerFolder = await mkdtemp(join(tmpdir(), 'homeport-runner-'));
  try {
    for (const name of Object.values(files)) await writeFile(join(runnerFolder, name), '');
    const ended = await beginAction(inputs, { ...options, runnerFolder }).ended;
    const written = async (name: string) => await readFile(join(runnerFolder, name), 'utf8');
    return {
      ...ended,
      commands: commandsIn(ended.stdout),
      outputs: fileCommandsIn(await written(files.output)),
      summary: await written(files.summary),
      handedOn: `${await written(files.state)}${await written(files.environment)}${await written(files.path)}`,
    };
  } finally {
    await rm(runnerFolder, { recursive: true, force: true });
  }
}

/** What is left of a text once the runner has put `***` for every mask. */
export function masked(text: string, commands: readonly WorkflowCommand[]): string {
  const masks = commands.filter(({ name }) => name === 'add-mask').map(({ message }) => message);
  const longestFirst = masks.toSorted((a, b) => b.length - a.length);
  return longestFirst.reduce((left, mask) => left.replaceAll(mask, '***'), text);
}

function commandsIn(stdout: string): WorkflowCommand[] {
  return [...stdout.matchAll(/^::([\w-]+)(?: ([^\n]*?))?::([^\n]*)$/gm)].map(
    ([, name = '', list = '', message = '']) => ({
      name,
      message: unescaped(message),
      properties: Object.fromEntries(
        list
          .split(',')
          .filter((property) => property !== '')
          .map((property) => [property.replace(/=.*$/s, ''), unescaped(property.replace(/^[^=]*=/, ''))]),
      ),
    }),
  );
}

/** `%25` last, or an escaped percent sign would be taken for the start of another escape. */
function unescaped(text: string): string {
  const escapes = [
    ['%0D', '\r'],
    ['%0A', '\n'],
    ['%3A', ':'],
    ['%2C', ','],
    ['%25', '%'],
  ] as const;
  return escapes.reduce((left, [written, character]) => left.replaceAll(written, character), text);
}

/** `name<<delimiter`, the value's lines, `delimiter`. */
function fileCommandsIn(text: string): Record<string, string> {
  const found = [...text.matchAll(/^([^\n]+?)<<([^\n]+)\n(?:([\s\S]*?)\n)??\2$/gm)];
  return Object.fromEntries(found.map(([, name, , value]) => [name, value ?? '']));
}
