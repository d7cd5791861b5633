import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Bench, Benchmark, Result } from './benchmark.ts';
import { plainEnvironment } from './measure.ts';
import { homeportCli } from './sides.ts';
import { inTurns, median } from './statistics.ts';

const action = join(import.meta.dirname, '../dist/main/index.js');
const bare = 'bare node';
const fewest = 9;
const longest = 60_000;

/** None of them gets further than its first look: there is no project in the folder, and the action's input is wrong. */
const starts = {
  [bare]: ['-e', 'console.log(1)'],
  'the action': [action],
  'homeport deploy': [homeportCli, 'deploy', '--state-directory', 'state'],
  'homeport status --help': [homeportCli, 'status', '--help'],
} as const;

/** How much later than bare Node the bundles print their first line. */
export const firstLine: Benchmark = { name: 'first-line', title: 'The first line of the bundles', run };

async function run(bench: Bench): Promise<Result> {
  const folder = join(bench.folder, 'first-line');
  await mkdir(folder);
  const names = Object.keys(starts) as (keyof typeof starts)[];
  const samples: Record<string, number[]> = Object.fromEntries(names.map((name) => [name, []]));
  // The first round reads the bundles from the disk: it isn't measured.
  for (let round = 0; round <= Math.max(bench.runs, fewest); round += 1) {
    for (const name of inTurns(names, round)) {
      bench.signal.throwIfAborted();
      const milliseconds = await firstByte(starts[name], folder);
      if (round > 0) samples[name]?.push(milliseconds);
    }
  }
  const of = (name: string): number => median(samples[name] ?? []);
  return {
    comparisons: [{ what: 'first-line: time to the first line', unit: 'ms', sides: samples }],
    goals: names
      .filter((name) => name !== bare)
      .map((name) => ({
        what: `first-line: ${name}, later than ${bare}`,
        measured: of(name) - of(bare),
        atMost: 75,
        unit: 'ms',
      })),
    details: {},
  };
}

/** Milliseconds from before the start to the first byte on stdout. Throws when there is none. */
async function firstByte(args: readonly string[], cwd: string): Promise<number> {
  const env = { ...plainEnvironment(), INPUT_COMMAND: 'nothing' };
  const begin = performance.now();
  const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'], timeout: longest });
  let milliseconds: number | null = null;
  child.stdout.on('data', () => {
    milliseconds ??= performance.now() - begin;
  });
  await once(child, 'close');
  if (milliseconds === null) throw new Error(`node ${args.join(' ')} printed nothing.`);
  return milliseconds;
}
