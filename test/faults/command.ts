import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { requestKeys } from '../../src/request/schema.ts';
import { begin, type Running } from '../support/homeport.ts';
import { plainEnvironment } from '../support/project.ts';
import type { Entries } from './entries.ts';
import { standsStill, until } from './processes.ts';
import { type StopSpec, stopVariable } from './stop-spec.ts';

const preload = join(import.meta.dirname, 'preload.ts');

/** Where a Homeport under test finds everything. */
export interface Stage {
  readonly entries: Entries;
  readonly checkout: string;
  /** `state-directory`. */
  readonly state: string;
  readonly project: string;
  /** For temporary files. */
  readonly scratch: string;
  /** How to reach the engine. */
  readonly environment: Readonly<Record<string, string>>;
}

/** A command of Homeport that was begun, and may stop itself where the harness wants it. */
export interface Command {
  readonly running: Running;
  readonly pid: number;
  /** Resolves once it has stopped itself at its point, or has ended without ever getting there. */
  stopped(timeoutMs: number): Promise<boolean>;
}

export interface Wanted {
  readonly stop: StopSpec['stop'];
  /** Where to record what is durable; `null`: nothing is recorded. */
  readonly record: string | null;
}

const longestMs = 150_000;

/** Begins a command of the CLI. */
export function beginCli(stage: Stage, words: readonly string[], wanted: Wanted): Command {
  const flags = words[0] === 'recover' ? ['--project', stage.project] : [];
  const argv = [stage.entries.cli, ...words, '--state-directory', stage.state, ...flags];
  return start(stage, argv, {}, wanted);
}

/** Begins the action as the runner does. `folder` has the files by which it hands on outputs and state. */
export function beginAction(stage: Stage, words: readonly string[], folder: string, wanted: Wanted): Command {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH']) writeFileSync(join(folder, name), '');
  return start(stage, [stage.entries.main], actionEnvironment(stage, words, folder), wanted);
}

/** Runs the action's `post` with what `main` handed on to it. */
export function beginPost(stage: Stage, words: readonly string[], folder: string): Command {
  const state = fileCommandsIn(readFileSync(join(folder, 'STATE'), 'utf8'));
  const handedOn = Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value]));
  const environment = { ...actionEnvironment(stage, words, folder), ...handedOn };
  return start(stage, [stage.entries.post], environment, { stop: null, record: null });
}

/** The words of the CLI are inputs at this door: the command, and flags that are switched on or have a value. */
function inputsOf(words: readonly string[]): Record<string, string> {
  const [command = '', ...flags] = words;
  const inputs: Record<string, string> = { command };
  for (const [at, flag] of flags.entries()) {
    const value = flags[at + 1];
    if (flag.startsWith('--')) inputs[flag.slice(2)] = value === undefined || value.startsWith('--') ? 'true' : value;
  }
  return inputs;
}

function actionEnvironment(stage: Stage, words: readonly string[], folder: string): Record<string, string> {
  const none = Object.fromEntries(requestKeys.map((key) => [key, '']));
  const inputs = { ...none, ...inputsOf(words), 'state-directory': stage.state };
  const files = ['OUTPUT', 'STATE', 'STEP_SUMMARY', 'ENV', 'PATH'].map((name) => [
    `GITHUB_${name}`,
    join(folder, name),
  ]);
  return {
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_ACTOR: 'octocat',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_REF_NAME: 'main',
    GITHUB_REPOSITORY: 'octo/faulty',
    GITHUB_RUN_ID: '42',
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_WORKSPACE: stage.checkout,
    RUNNER_TEMP: folder,
    ...Object.fromEntries(files),
    ...Object.fromEntries(Object.entries(inputs).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value])),
  };
}

/** `name<<delimiter`, the value's lines, `delimiter`. */
function fileCommandsIn(text: string): Record<string, string> {
  const found = [...text.matchAll(/^([^\n]+?)<<([^\n]+)\n(?:([\s\S]*?)\n)??\2$/gm)];
  return Object.fromEntries(found.map(([, name, , value]) => [name, value ?? '']));
}

function start(
  stage: Stage,
  argv: readonly string[],
  environment: Readonly<Record<string, string>>,
  wanted: Wanted,
): Command {
  const reached = join(stage.scratch, 'reached');
  rmSync(reached, { force: true });
  const durable = wanted.record === null ? null : { record: wanted.record, root: join(stage.state, stage.project) };
  const spec: StopSpec = { stop: wanted.stop, reached, durable };
  const watched = wanted.stop !== null || durable !== null;
  const running = begin([...(watched ? ['--import', preload] : []), ...argv], {
    cwd: stage.checkout,
    env: {
      ...plainEnvironment(),
      ...stage.environment,
      TMPDIR: stage.scratch,
      ...environment,
      ...(watched ? { [stopVariable]: JSON.stringify(spec) } : {}),
    },
    timeout: longestMs,
  });
  const { pid } = running.child;
  if (pid === undefined) throw new Error('Homeport could not be started.');
  let ended = false;
  running.ended.then(
    () => {
      ended = true;
    },
    () => {
      ended = true;
    },
  );
  return {
    running,
    pid,
    stopped: async (timeoutMs) => {
      // The file comes a moment before the process stands still; to continue it in between would come to nothing.
      await until(() => (existsSync(reached) && standsStill(pid)) || ended, timeoutMs, 5);
      return existsSync(reached);
    },
  };
}
