import { listBackups } from '../databases/record.ts';
import { LocalHost } from '../hosts/local.ts';
import type { Redactor } from '../hosts/redactor.ts';
import { observe } from '../platforms/compose/observe.ts';
import { tryParseJson } from '../request/parse-json.ts';
import type { Request } from '../request/schema.ts';
import { HomeportError } from './error.ts';
import { hideSecrets } from './hidden.ts';
import { type Places, placesOf } from './places.ts';
import { projectName } from './project.ts';
import { currentRelease, listReleases, releaseBefore } from './release.ts';
import { type Report, reportSchema } from './report.ts';
import { stateDirectoryOf } from './state-directory.ts';

/** What `status` tells. */
export interface Status {
  readonly project: string;
  readonly state_folder: string;
  readonly release: string | null;
  readonly commit: string | null;
  readonly good_since: string | null;
  readonly previous_release: string | null;
  readonly containers: readonly {
    readonly service: string;
    readonly name: string;
    readonly state: string;
    readonly health: string;
    readonly image_id: string;
    /** Whether it runs what the release recorded. */
    readonly as_recorded: boolean | null;
  }[];
  readonly last_backup: { readonly file: string; readonly created_at: string; readonly verified: string } | null;
  readonly last_deployment: { readonly id: string; readonly status: string } | null;
}

/** The project's own folder, found as every command finds it. */
export async function findPlaces(
  request: Request,
  repository: string | null,
  redactor: Redactor,
): Promise<{ host: LocalHost; name: string; places: Places }> {
  await hideSecrets(redactor, request);
  const host = new LocalHost({ redactor });
  const name = await projectName(host, request, repository);
  return { host, name, places: placesOf(stateDirectoryOf(request, process.env), name) };
}

/** Looks at the record and at what runs. Throws `HomeportError` when the engine doesn't answer. */
export async function statusOf(request: Request, repository: string | null, redactor: Redactor): Promise<Status> {
  const { host, name, places } = await findPlaces(request, repository, redactor);
  const [release, releases, containers, backups, reports] = await Promise.all([
    currentRelease(host.files, places),
    listReleases(host.files, places),
    observe(host, name),
    listBackups(host, places.backups),
    listReports(host, places),
  ]);
  const backup = [...backups].sort((a, b) => (a.createdAt < b.createdAt ? -1 : 1)).at(-1);
  const last = reports.at(-1);
  return {
    project: name,
    state_folder: places.root,
    release: release?.id ?? null,
    commit: release?.commit ?? null,
    good_since: release?.good_at ?? null,
    previous_release: release === null ? null : (releaseBefore(releases, release)?.id ?? null),
    containers: containers.map((one) => ({
      service: one.service,
      name: one.name,
      state: one.state,
      health: one.health,
      image_id: one.imageId,
      as_recorded: release === null ? null : release.services[one.service]?.image_id === one.imageId,
    })),
    last_backup:
      backup === undefined ? null : { file: backup.file, created_at: backup.createdAt, verified: backup.verified },
    last_deployment: last === undefined ? null : { id: last.deployment, status: last.status },
  };
}

/** All reports that can be read, oldest first. */
export async function listReports(host: LocalHost, places: Places): Promise<Report[]> {
  return (await readReports(host, places)).reports;
}

/** The reports that can be read, oldest first, and how many files can't: torn, or of another version. */
export async function readReports(host: LocalHost, places: Places): Promise<{ reports: Report[]; unreadable: number }> {
  const reports: Report[] = [];
  const files = (await host.files.list(places.reports)).filter(
    ({ name, kind }) => name.endsWith('.json') && (kind === 'file' || kind === 'link'),
  );
  for (const { name } of files) {
    const parsed = reportSchema.safeParse(tryParseJson((await host.files.readText(`${places.reports}/${name}`)) ?? ''));
    if (parsed.success) reports.push(parsed.data);
  }
  return { reports, unreadable: files.length - reports.length };
}

/** The report with this ID (or the only one that begins so); the newest one without. Throws `HomeportError`. */
export async function findReport(host: LocalHost, places: Places, id: string | undefined): Promise<Report> {
  const reports = await listReports(host, places);
  const found = id === undefined ? reports.slice(-1) : reports.filter(({ deployment }) => deployment.startsWith(id));
  const [only, ...more] = found;
  if (only !== undefined && (more.length === 0 || only.deployment === id)) return only;
  const ids = reports.slice(-5).map(({ deployment }) => deployment);
  throw new HomeportError(
    only === undefined
      ? `There is no report${id === undefined ? '' : ` ${id}`} in ${places.reports}.`
      : `${id} is the beginning of several reports.`,
    { hint: ids.length === 0 ? 'Nothing was deployed yet.' : `The last ones: ${ids.join(', ')}.` },
  );
}

export function renderStatus(status: Status): string {
  const lines = [
    `${status.project}: ${status.release === null ? 'no release' : `release ${status.release}`}${status.commit === null ? '' : `, commit ${status.commit.slice(0, 7)}`}`,
    ...(status.good_since === null
      ? []
      : [`good since ${status.good_since}; before it: ${status.previous_release ?? 'none'}`]),
    ...status.containers.map(
      (one) =>
        `  ${one.service.padEnd(12)} ${one.state.padEnd(10)} ${one.health.padEnd(10)} ${one.image_id.slice(7, 19)}${one.as_recorded === false ? '  NOT as recorded' : ''}`,
    ),
    ...(status.containers.length === 0 ? ['  no containers'] : []),
    `last deployment: ${status.last_deployment === null ? 'none' : `${status.last_deployment.id} (${status.last_deployment.status})`}`,
    `last backup: ${status.last_backup === null ? 'none' : `${status.last_backup.file} (verified: ${status.last_backup.verified})`}`,
    `state: ${status.state_folder}`,
  ];
  return `${lines.join('\n')}\n`;
}

export function renderHistory(reports: readonly Report[]): string {
  if (reports.length === 0) return 'Nothing was deployed yet.\n';
  const rows = reports.map((report) =>
    [
      report.deployment.padEnd(26),
      report.command.padEnd(9),
      report.status.padEnd(12),
      (report.commit ?? '').slice(0, 7).padEnd(8),
      `${report.duration_seconds.toFixed(1)}s`.padEnd(9),
      report.error?.message.split('\n')[0] ?? '',
    ]
      .join(' ')
      .trimEnd(),
  );
  return `${rows.join('\n')}\n`;
}
