import { BusyClock } from '../../src/deployment/busy-clock.ts';
import { exitCodes } from '../../src/deployment/error.ts';
import { type Facts, newFacts } from '../../src/deployment/facts.ts';
import { emptyReport } from '../../src/deployment/finish-report.ts';
import { Journal } from '../../src/deployment/journal.ts';
import { placesOf } from '../../src/deployment/places.ts';
import { Recorder } from '../../src/deployment/recorder.ts';
import type { Release } from '../../src/deployment/release.ts';
import type { Report, StageName } from '../../src/deployment/report.ts';
import { type RunResult, run } from '../../src/deployment/run.ts';
import type { Stage } from '../../src/deployment/stage.ts';
import type { ExecOptions, ExecResult, Host } from '../../src/hosts/host.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import type { DeploymentEvent } from '../../src/reporters/reporter.ts';
import type { Request } from '../../src/request/schema.ts';
import { request } from '../request/sources.ts';

/** A host on which every command does what the test says; nothing is started. */
export function stubHost(
  answer: (argv: readonly string[], options: ExecOptions) => Partial<ExecResult> | Promise<Partial<ExecResult>>,
): Host {
  return {
    name: 'local',
    files: new LocalFiles(),
    exec: async (argv, options) => ({
      outcome: 'success',
      exitCode: 0,
      stdout: '',
      stderr: '',
      tail: '',
      command: argv.join(' '),
      startedAt: new Date(0),
      durationMs: 0,
      ...(await answer(argv, options)),
    }),
  };
}

export function release(id: string, more: Partial<Release> = {}): Release {
  return {
    schema: 1,
    id,
    project: 'shop',
    commit: 'c'.repeat(40),
    branch: 'main',
    repository: null,
    created_at: '2025-11-20T10:00:00.000Z',
    verdict: 'good',
    good_at: '2025-11-20T10:00:00.000Z',
    origin: 'deployed',
    digest: 'd',
    environment_digest: 'e',
    services: {},
    files: [],
    smoke: [],
    working_tree: null,
    working_directory: '/checkout',
    ...more,
  };
}

/** A stage that does nothing, unless told otherwise. */
export function stage(name: StageName, more: Partial<Stage> = {}): Stage {
  return { name, needs: [], intent: name, exitCode: exitCodes.gate, run: async () => {}, ...more };
}

/** Ends only when the deployment is stopped; then in its own words. */
export const untilStopped: Stage['run'] = ({ signal }) =>
  new Promise((_resolve, reject) => {
    const stop = (): void => reject(new Error('the command was killed'));
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop);
  });

export interface Deployment {
  readonly result: RunResult;
  readonly report: Report;
  readonly events: readonly DeploymentEvent[];
  readonly facts: Facts;
  /** The status of each stage by its name. */
  readonly statuses: Readonly<Record<string, string>>;
}

/** Runs fake stages with the real engine. */
export async function runStages(
  stages: readonly Stage[],
  options: {
    door?: Record<string, unknown>;
    rollback?: Partial<Stage>;
    facts?: Partial<Facts>;
    signal?: AbortSignal;
    secrets?: readonly string[];
    host?: Host;
  } = {},
): Promise<Deployment> {
  const asked: Request = await request({ door: options.door ?? {} });
  const facts = Object.assign(newFacts('20251121T101500Z-3f2a9c1', 'shop', new Date()), options.facts);
  const rollback = stage('rollback', { exitCode: exitCodes.critical, ...options.rollback });
  const door = { repository: null, branch: null, triggeredBy: 'test', who: 'somebody by a test', runUrl: null };
  const report = emptyReport(asked, door, { facts, plan: { stages, rollback }, log: null });
  const events: DeploymentEvent[] = [];
  const redactor = new Redactor();
  for (const secret of options.secrets ?? []) redactor.add(secret);
  const clock = new BusyClock();
  const host = options.host ?? stubHost(() => ({}));
  const result = await run({
    stages,
    rollback,
    request: asked,
    facts,
    places: placesOf('/nowhere', 'shop'),
    host,
    journal: new Journal(host, '/nowhere/journal.jsonl', facts.id),
    recorder: new Recorder(report, { emit: (event) => events.push(event), redactor }),
    clock,
    signal: options.signal ?? new AbortController().signal,
  });
  const statuses = Object.fromEntries(report.stages.map(({ name, status }) => [name, status]));
  return { result, report, events, facts, statuses };
}
