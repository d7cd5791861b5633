import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Cleanup } from '../scripts/demo/cleanup.ts';
import { abortOnSignals, StoppedError } from '../scripts/demo/stop.ts';
import { ensureEngine } from '../scripts/engine.ts';
import { ensureImages } from '../scripts/images.ts';
import { messageOf } from '../scripts/machine/commands.ts';
import type { Bench, Benchmark, Result } from './benchmark.ts';
import { bigDatabase } from './big-database.ts';
import { deploymentBenchmark } from './deployments.ts';
import { guestbook, scaledServerAgent, serverAgent } from './examples.ts';
import { firstLine } from './first-line.ts';
import { describeMachine, type Machine } from './machine.ts';
import { comparisonTable, goalTable, isKept } from './table.ts';

/*
 * Measures what the README promises, each side by side with the bare commands for the same in one run:
 * `node bench/run.ts [NAME…] [--runs N]`. Exit code 1 when a promise isn't kept.
 */

const benchmarks: readonly Benchmark[] = [
  firstLine,
  deploymentBenchmark('guestbook', 'examples/guestbook as it stands', guestbook, { ofScript: 1 }),
  deploymentBenchmark('server-agent', 'examples/server-agent as it stands', serverAgent, { ofScript: 1, overhead: 3 }),
  deploymentBenchmark(
    'scaled',
    'examples/server-agent with the times of document 001 (a fifth: backup 9 s, tests 15 s, build 18 s)',
    scaledServerAgent,
    { ofScript: 0.6, overhead: 3 },
  ),
  bigDatabase,
];

const results = join(import.meta.dirname, 'results');
const say = (line: string): void => void process.stdout.write(`${line}\n`);

interface Asked {
  readonly chosen: readonly Benchmark[];
  readonly runs: number;
}

function readArguments(): Asked {
  const { values, positionals } = parseArgs({ options: { runs: { type: 'string' } }, allowPositionals: true });
  const runs = Number(values.runs ?? 5);
  if (!Number.isInteger(runs) || runs < 1) throw new Error(`--runs takes a number from 1 on, not ${values.runs}.`);
  const unknown = positionals.filter((name) => !benchmarks.some((one) => one.name === name));
  if (unknown.length > 0) {
    const names = benchmarks.map(({ name }) => name).join(', ');
    throw new Error(`There is no benchmark ${unknown.join(', ')}; there are ${names}.`);
  }
  return { chosen: benchmarks.filter(({ name }) => positionals.length === 0 || positionals.includes(name)), runs };
}

async function main(cleanup: Cleanup, signal: AbortSignal): Promise<void> {
  const { chosen, runs } = readArguments();
  const engine = await ensureEngine(say);
  cleanup.add('the Docker engine that was started', () => engine.stop());
  const images = await ensureImages(['node:24-slim', 'python:3.11-slim', 'postgres:15'], say);
  cleanup.add('the base images', () => images.remove());
  const startedAt = new Date();
  const seed = randomBytes(4).toString('hex');
  const machine = await describeMachine();
  sayMachine(machine, runs, seed);

  const folder = await mkdtemp(join(tmpdir(), `homeport-bench-${seed}-`));
  cleanup.add(folder, () => rm(folder, { recursive: true, force: true }));
  const measured: Record<string, Result> = {};
  for (const benchmark of chosen) {
    say(`\n${benchmark.title}`);
    measured[benchmark.name] = await runOne(benchmark, { runs, seed, folder, signal });
  }

  const all = Object.values(measured);
  const goals = all.flatMap((result) => result.goals);
  say(`\n${comparisonTable(all.flatMap(({ comparisons }) => comparisons))}\n\n${goalTable(goals)}\n`);
  await mkdir(results, { recursive: true });
  const file = join(results, `${startedAt.toISOString().replace(/[-:]|\.\d+/g, '')}.json`);
  await writeFile(file, `${JSON.stringify({ startedAt, seed, runs, machine, benchmarks: measured }, null, 2)}\n`);
  say(file);
  if (!goals.every(isKept)) process.exitCode = 1;
}

/** Each benchmark removes what it made before the next one begins. */
async function runOne(benchmark: Benchmark, bench: Omit<Bench, 'cleanup' | 'say'>): Promise<Result> {
  const cleanup = new Cleanup();
  try {
    return await benchmark.run({ ...bench, cleanup, say: (line) => say(`  ${line}`) });
  } finally {
    if (!(await cleanup.run(say))) process.exitCode = 1;
  }
}

function sayMachine(machine: Machine, runs: number, seed: string): void {
  const { processor, cores, memoryGiB, kernel, node, docker, compose, homeport, load } = machine;
  say(`Homeport ${homeport}, Node ${node}, Docker ${docker}, Compose ${compose}, Linux ${kernel}`);
  say(`${processor}, ${cores} cores, ${memoryGiB} GiB; ${runs} runs, seed ${seed}; load ${load}`);
  if (load > 1) say('WARNING: this machine is doing something else (load above 1): expect times that mean little.');
}

const cleanup = new Cleanup();
const signal = abortOnSignals(
  () => say('\nStopping, and cleaning up; this takes a moment.'),
  () => say('Still cleaning up; please wait for it.'),
);
try {
  await main(cleanup, signal);
} catch (error) {
  // What was under way when the signal came fails for that reason alone.
  const cause = signal.aborted ? signal.reason : error;
  process.stderr.write(`${messageOf(cause)}\n`);
  process.exitCode = cause instanceof StoppedError ? cause.exitCode : 1;
}
if (!(await cleanup.run(say))) process.exitCode = 1;
