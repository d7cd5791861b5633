import { mkdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { isRoot, messageOf, run } from '../../scripts/machine/commands.ts';
import { type CaseResult, type FaultCase, randomOf } from './case.ts';
import { allCases, casesToTime, type References, randomCases, sampledCases, shuffled } from './cases.ts';
import { catchMutants } from './catch-mutants.ts';
import { bundledEntries, type Entries, sourceEntries } from './entries.ts';
import type { LaneProcess } from './lane-process.ts';
import type { Reference } from './lane-protocol.ts';
import { Lanes } from './lanes.ts';
import { type Options, readOptions } from './options.ts';
import { Progress } from './progress.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { type Summary, toMarkdown } from './table.ts';

const repository = resolve(import.meta.dirname, '../..');
// With the start of the engines before and the last cases after it, a bounded run stays under 5 minutes.
const boundedSeconds = 170;

const begin = performance.now();
let preparing: readonly Promise<unknown>[] = [];
const evidence = join(tmpdir(), 'homeport-faults-evidence');
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function main(options: Options): Promise<number> {
  if (!isRoot()) throw new Error('The harness needs root: it starts a Docker engine in namespaces of its own.');
  const lanes = new Lanes({ evidence, say });
  let leaving = false;
  const leave = (): void => {
    // A second Ctrl-C must not leave engines behind.
    if (leaving) return;
    leaving = true;
    // Bundler and archive would write on into what was removed.
    void Promise.allSettled(preparing)
      .then(() => lanes.end())
      .finally(() => process.exit(130));
  };
  process.on('SIGINT', leave);
  process.on('SIGTERM', leave);
  try {
    return await perform(options, lanes);
  } finally {
    await lanes.end();
  }
}

async function perform(options: Options, lanes: Lanes): Promise<number> {
  const commit = await commitUnderTest();
  const progress = new Progress(join(tmpdir(), 'homeport-faults-progress.jsonl'));
  const earlier = options.goOn ? progress.read() : null;
  if (earlier !== null && earlier.head.commit !== commit) throw new Error('The run before was of another commit.');
  const seed = earlier?.head.seed ?? options.seed;
  say(`seed ${seed}; evidence of failures: ${evidence}`);

  const bundled = entriesUnderTest(options, lanes.folder);
  const saved = lanes.prepare();
  preparing = [bundled, saved];
  const [entries] = await Promise.all([bundled, saved]);
  const open = await Promise.all(Array.from({ length: options.lanes }, () => lanes.start(entries)));
  // Two releases, or a rollback has nowhere to go; the first is no measure either, as it makes everything.
  const [deploy] = await Promise.all(
    open.map(async (lane) => {
      await lane.reference('deploy');
      return await lane.reference('deploy');
    }),
  );
  if (deploy === undefined) throw new Error('There is no lane.');
  const references = earlier?.head.references ?? (await learn(open, deploy));
  const results: CaseResult[] = [...(earlier?.results ?? [])];
  if (earlier === null && !options.bounded) progress.begin({ seed, commit, references });
  const next = chooser(options, references, seed, new Set(results.map(({ id }) => id)));
  const left = await lanes.performAll(
    open,
    next,
    (result) => {
      results.push(result);
      if (!options.bounded) progress.add(result);
      tell(result, seed);
    },
    entries,
  );
  const [lane] = left;
  const times =
    lane === undefined || !isWanted(options, 'recovery-time')
      ? null
      : await timed(lane, casesToTime(references, seed, options.bounded ? 2 : 3), entries);
  const wantsMutants = options.mutants && !options.bounded && isWanted(options, 'mutant');
  const { source } = options;
  const { folder } = lanes;
  const mutants = wantsMutants ? await catchMutants(left, { source, folder, references, seed, say }) : [];
  const minutes = (performance.now() - begin) / 60_000;
  const date = new Date().toISOString().slice(0, 10);
  const summary: Summary = { commit, date, seed, results, times, mutants, minutes };
  say(`\n${toMarkdown(summary)}`);
  mkdirSync(evidence, { recursive: true });
  const json = join(evidence, 'results.json');
  writeFileSync(json, `${JSON.stringify(summary, null, 2)}\n`);
  say(`results: ${json}`);
  const good = results.every(({ problems }) => problems.length === 0);
  const something = results.length + mutants.length > 0 || times !== null;
  return good && something && mutants.every(({ caughtBy }) => caughtBy !== null) ? 0 : 1;
}

function isWanted({ only }: Options, name: string): boolean {
  return only?.test(name) ?? true;
}

/** For a long run this repository is bundled, which takes as long as some cases; else the source is taken as it is. */
async function entriesUnderTest(options: Options, folder: string): Promise<Entries> {
  const isShort = options.bounded || (options.only !== null && !isWanted(options, 'recovery-time'));
  if (options.source !== repository || isShort) return sourceEntries(options.source);
  return await bundledEntries(repository, join(folder, 'bundle'));
}

async function commitUnderTest(): Promise<string> {
  const git = (...words: string[]) => run(['git', ...words], { seconds: 10, cwd: repository });
  const commit = (await git('rev-parse', '--short', 'HEAD')).trim();
  return (await git('status', '--porcelain', '--', 'src')) === '' ? commit : `${commit} with changes`;
}

/** The undisturbed run of each scenario: the lanes learn them side by side. */
async function learn(open: readonly LaneProcess[], deploy: Reference): Promise<References> {
  const left = scenarios.filter((scenario) => scenario !== 'deploy');
  const learnt: Partial<Record<Scenario, Reference>> = { deploy };
  const work = async (lane: LaneProcess): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) learnt[next] = await lane.reference(next);
  };
  await Promise.all(open.map(work));
  return learnt as References;
}

/** Gives one case after the other, until there is none or, in a bounded run, no time for another. */
function chooser(
  options: Options,
  references: References,
  seed: number,
  done: ReadonlySet<string>,
): () => FaultCase | undefined {
  const sample = options.bounded ? sampledCases(references, seed) : null;
  // In any order: what a run that was stopped has done is a fair sample.
  const whole = shuffled(
    [...allCases(references, seed), ...randomCases(references, seed, options.random)],
    randomOf(seed, 'order'),
  );
  const wanted = (one: FaultCase): boolean => !done.has(one.id) && isWanted(options, one.id);
  const list = (sample?.always ?? whole).filter(wanted);
  const more = (sample?.more ?? []).filter(wanted);
  say(`${list.length} cases${more.length === 0 ? '' : ', and more while there is time'}`);
  return () => list.shift() ?? ((performance.now() - begin) / 1000 < boundedSeconds ? more.shift() : undefined);
}

function tell(result: CaseResult, seed: number): void {
  const { id, problems, ended, seconds, recoverySeconds } = result;
  const recovered = recoverySeconds === null ? '' : `, recovered in ${recoverySeconds.toFixed(1)} s`;
  const verdict = problems.length === 0 ? `ok    ${id} -> ${ended}` : `WRONG ${id}`;
  say(`${verdict}, ${seconds.toFixed(1)} s${recovered}`);
  for (const problem of problems) say(`        ${problem}`);
  if (problems.length > 0) {
    say(
      `        again: node test/faults/run.ts --lanes 1 --seed ${seed} --only '^${id}$'; evidence: ${result.evidence}`,
    );
  }
}

/** How long a recovery and a restart by hand take while nothing else runs here. */
async function timed(lane: LaneProcess, cases: readonly FaultCase[], entries: Entries): Promise<Summary['times']> {
  try {
    const recovery: number[] = [];
    for (const one of cases) recovery.push((await lane.perform(one, entries)).recoverySeconds ?? Number.NaN);
    return { recovery, compose: await lane.timeCompose() };
  } catch (error) {
    say(`Recovery could not be timed: ${messageOf(error)}`);
    return null;
  }
}

try {
  process.exitCode = await main(readOptions(process.argv.slice(2), repository));
} catch (error) {
  say(messageOf(error));
  process.exitCode = 1;
}
