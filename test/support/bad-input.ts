import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { expect } from 'vitest';
import type { Outcome, Project } from './project.ts';

/** A service that runs until it is told to stop, which it does at once. */
export const idle = `image: busybox:stable
    command: [sleep, '600']
    stop_signal: SIGKILL`;

/** Longer than any refusal takes on a busy machine; whoever hangs is killed and has no exit code. */
export const soon = 20_000;

/** What a person reads when something is refused: the thing by its name, and no trace of our code. */
export function expectClear(text: string, words: readonly (string | RegExp)[]): void {
  for (const word of words) expect(text).toMatch(word);
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(text).not.toMatch(/did not foresee|\[object|undefined/);
}

/** An aborted deployment: the verdict in all its places, a cause with these words and a hint with those. */
export function expectAborted(
  outcome: Outcome,
  wanted: { exitCode: 7 | 64; phase: string; cause: string | RegExp; hint: string | RegExp },
): void {
  const { report } = outcome;
  expect({ exitCode: outcome.exitCode, status: report.status, phase: report.phase }, outcome.output).toEqual({
    exitCode: wanted.exitCode,
    status: 'aborted',
    phase: wanted.phase,
  });
  expect(report.error?.message).toMatch(wanted.cause);
  expect(report.error?.hint).toMatch(wanted.hint);
  expect(report.systems_deployed).toEqual([]);
  expectClear(outcome.output, [wanted.cause, wanted.hint]);
}

/** Makes a folder of commands for `PATH`: links to the real ones, and scripts. */
export async function commandsFolder(
  project: Project,
  name: string,
  commands: { real?: readonly string[]; scripts?: Readonly<Record<string, string>> },
): Promise<string> {
  const folder = join(project.folder, name);
  await mkdir(folder);
  for (const command of commands.real ?? []) await symlink(await whereIs(command), join(folder, command));
  for (const [command, text] of Object.entries(commands.scripts ?? {})) {
    await writeFile(join(folder, command), `#!/bin/sh\n${text}\n`);
    await chmod(join(folder, command), 0o755);
  }
  return folder;
}

/** The path of a command that is installed. */
export async function whereIs(command: string): Promise<string> {
  return (await execa('sh', ['-c', 'command -v "$1"', 'sh', command])).stdout;
}
