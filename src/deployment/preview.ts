import { LocalHost } from '../hosts/local.ts';
import type { Request } from '../request/schema.ts';
import { BusyClock } from './busy-clock.ts';
import type { Door } from './door.ts';
import { exitCodes, type HomeportError } from './error.ts';
import { newFacts } from './facts.ts';
import { emptyReport } from './finish-report.ts';
import { hideSecrets } from './hidden.ts';
import { Journal } from './journal.ts';
import { placesOf } from './places.ts';
import { planDeployment } from './plan.ts';
import { resolveProject } from './project.ts';
import { Recorder } from './recorder.ts';
import { currentRelease } from './release.ts';
import { run } from './run.ts';
import { stateDirectoryOf } from './state-directory.ts';

/** What `plan` tells. */
export interface Preview {
  readonly project: string;
  readonly commit: string | null;
  /** The release that runs now. */
  readonly current: string | null;
  readonly stages: readonly { readonly name: string; readonly intent: string; readonly skip: string | null }[];
  /** Databases that would be backed up: `service/database (kind)`. */
  readonly databases: readonly string[];
  readonly services: readonly string[];
  /** What stands in every report of such a deployment. */
  readonly warnings: readonly string[];
  /** What would stop the deployment before it begins; `null` when nothing is known to. */
  readonly problem: { readonly message: string; readonly hint: string; readonly exitCode: number } | null;
}

/** Walks the stages that only look (preflight, source), and tells what the others would do. Changes nothing. */
export async function preview(request: Request, door: Door): Promise<Preview> {
  const startedAt = new Date();
  const clock = new BusyClock();
  await hideSecrets(door.redactor, request);
  const host = clock.hostOf(new LocalHost({ redactor: door.redactor }));
  const project = await resolveProject(host, request, door.repository);
  const plan = planDeployment(request, project, door.branch);
  const facts = newFacts('plan', project.name, startedAt);
  const places = placesOf(stateDirectoryOf(request, process.env), project.name);
  const report = emptyReport(request, door, { facts, plan, log: null });
  const recorder = new Recorder(report, { emit: () => {}, redactor: door.redactor });
  const result = await run({
    stages: plan.stages.filter((stage) => stage.looksOnly === true),
    rollback: plan.rollback,
    request,
    facts,
    places,
    host,
    journal: new Journal(host, places.journal, facts.id),
    recorder,
    clock,
    signal: door.signal,
  });
  return {
    project: project.name,
    commit: facts.source?.commit ?? null,
    current: (await currentRelease(host.files, places))?.id ?? null,
    stages: [...plan.stages, plan.rollback].map((stage) => ({
      name: stage.name,
      intent: stage.intent,
      skip: stage.skip ?? null,
    })),
    databases: (facts.databases ?? []).map(({ target }) => `${target.service}/${target.database} (${target.kind})`),
    services: facts.services ?? [],
    warnings: report.warnings,
    problem: result.failure === null ? null : problemOf(result.failure.error, result.failure.exitCode, recorder),
  };
}

function problemOf(error: HomeportError, exitCode: number, recorder: Recorder): NonNullable<Preview['problem']> {
  return {
    message: recorder.redact(error.message),
    hint: recorder.redact(error.hint),
    exitCode: exitCode || exitCodes.aborted,
  };
}

/** For people: the stages as `deploy` walks them. */
export function renderPreview(preview: Preview): string {
  const lines = [
    `Plan for ${preview.project}${preview.commit === null ? '' : ` at ${preview.commit.slice(0, 7)}`}; running now: ${preview.current ?? 'no release'}`,
    '',
    ...preview.stages.map((stage) =>
      stage.skip === null
        ? `  ${stage.name.padEnd(10)} ${stage.intent}`
        : `  ${stage.name.padEnd(10)} skipped: ${stage.skip}`,
    ),
    '',
    `  services   ${preview.services.join(', ') || 'unknown'}`,
    `  databases  ${preview.databases.join(', ') || 'none that runs now'}`,
    ...preview.warnings.map((text) => `  WARNING    ${text}`),
    '',
    preview.problem === null
      ? 'Nothing was changed.'
      : `This deployment would stop at once: ${preview.problem.message}\n${preview.problem.hint}\nNothing was changed.`,
  ];
  return `${lines.join('\n')}\n`;
}
