import { join } from 'node:path';

import type { Bench, Benchmark, Goal, Result } from './benchmark.ts';
import type { Example } from './examples.ts';
import { freePort } from './free-port.ts';
import { Repository } from './repository.ts';
import {
  type HomeportRun,
  imageId,
  removeDeployment,
  removeImages,
  runHomeport,
  runScript,
  type ScriptRun,
} from './sides.ts';
import { inTurns, median } from './statistics.ts';

export interface Limits {
  /** Of the script's time. */
  readonly ofScript: number;
  /** Percent of Homeport's deployment that may be its own. */
  readonly overhead?: number;
}

/** Deploys the same new commits by Homeport and by document-001.sh, in turns, each in a project of its own. */
export function deploymentBenchmark(name: string, title: string, example: Example, limits: Limits): Benchmark {
  return { name, title, run: async (bench) => resultOf(name, limits, await deployInTurns(name, example, bench)) };
}

interface Runs {
  readonly homeport: HomeportRun[];
  readonly script: ScriptRun[];
}

async function deployInTurns(name: string, example: Example, bench: Bench): Promise<Runs> {
  const folder = join(bench.folder, name);
  const repository = await Repository.create(example.source, join(folder, 'repository'), example.prepare);
  const sides = [
    await homeportSide(example, repository, folder, bench),
    await scriptSide(example, repository, folder, bench),
  ];
  const runs: Runs = { homeport: [], script: [] };
  // The first deployment has nothing to back up and fills caches: it isn't measured.
  for (let round = 0; round <= bench.runs; round += 1) {
    await repository.change(`${example.inImage}/bench_commit.txt`, `${bench.seed} ${round}\n`);
    for (const side of inTurns(sides, round)) {
      bench.signal.throwIfAborted();
      const seconds = await side(round > 0 ? runs : { homeport: [], script: [] });
      bench.say(`${round === 0 ? 'first deployment, not measured' : `commit ${round}`}: ${seconds}`);
    }
  }
  return runs;
}

type Side = (into: Runs) => Promise<string>;

async function homeportSide(example: Example, repository: Repository, folder: string, bench: Bench): Promise<Side> {
  const project = `bench-${bench.seed}-homeport`;
  const checkout = await checkOut(example, repository, join(folder, 'homeport'), project);
  const env = example.environment(project, await freePort());
  bench.cleanup.add(`what Docker has of ${project}`, () => removeDeployment(project));
  return async (into) => {
    await checkout.update();
    const stateDirectory = join(folder, 'state');
    const options = { cwd: checkout.folder, env, signal: bench.signal, project, stateDirectory };
    const run = await runHomeport('deploy', options);
    into.homeport.push(run);
    return `Homeport ${run.seconds.toFixed(1)} s`;
  };
}

async function scriptSide(example: Example, repository: Repository, folder: string, bench: Bench): Promise<Side> {
  const project = `bench-${bench.seed}-script`;
  const checkout = await checkOut(example, repository, join(folder, 'script'), project);
  const env = example.environment(project, await freePort());
  const image = example.image(project);
  const built: string[] = [];
  bench.cleanup.add(`the images of ${project}`, () => removeImages(built));
  bench.cleanup.add(`what Docker has of ${project}`, () => removeDeployment(project));
  return async (into) => {
    await checkout.update();
    const options = { cwd: checkout.folder, env, signal: bench.signal, project, backups: join(folder, 'backups') };
    try {
      const run = await runScript(example.steps, options);
      into.script.push(run);
      return `document-001.sh ${run.seconds.toFixed(1)} s`;
    } finally {
      const id = await imageId(image);
      if (id !== null) built.push(id);
    }
  };
}

async function checkOut(example: Example, repository: Repository, folder: string, project: string) {
  return await repository.clone(folder, { path: `${example.inImage}/bench_side.txt`, text: `${project}\n` });
}

function resultOf(name: string, limits: Limits, runs: Runs): Result {
  const homeport = runs.homeport.map(({ seconds }) => seconds);
  const script = runs.script.map(({ seconds }) => seconds);
  const goals: Goal[] = [
    {
      what: `${name}: a deployment, of document-001.sh's time`,
      measured: median(homeport) / median(script),
      atMost: limits.ofScript,
      unit: 'times',
    },
  ];
  if (limits.overhead !== undefined) {
    const measured = median(runs.homeport.map((run) => (100 * ownSeconds(run)) / run.seconds));
    goals.push({ what: `${name}: Homeport's own time of a deployment`, measured, atMost: limits.overhead, unit: '%' });
  }
  return {
    comparisons: [{ what: `${name}: deployment`, unit: 's', sides: { Homeport: homeport, 'document-001.sh': script } }],
    goals,
    details: {
      homeport: runs.homeport.map(({ seconds, report }) => ({
        seconds,
        duration_seconds: report.duration_seconds,
        overhead_seconds: report.overhead_seconds,
        own_seconds: ownSeconds({ seconds, report }),
        stages: secondsByName(report.stages),
      })),
      script: runs.script,
    },
  };
}

/** The report's `overhead_seconds`, and the time before and after it: to start the process, to load the code, to end. */
function ownSeconds({ seconds, report }: HomeportRun): number {
  return seconds - (report.duration_seconds - report.overhead_seconds);
}

function secondsByName(stages: HomeportRun['report']['stages']): Record<string, number> {
  const ran = stages.filter(({ status }) => status === 'success');
  return Object.fromEntries(ran.map(({ name, duration_seconds }) => [name, duration_seconds]));
}
