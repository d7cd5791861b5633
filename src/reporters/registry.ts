import { z } from 'zod';
import type { Report } from '../deployment/report.ts';
import { tryParseJson } from '../request/parse-json.ts';
import type { HttpClient } from './http-client.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';
import { type Deadline, deadlineIn, RequestFailure, retrying } from './retry.ts';
import { cleanLine, cut } from './safe-text.ts';

export interface RegistryOptions {
  readonly url: string;
  /** Where people find what was deployed. */
  readonly environmentUrl: string | null;
}

/** Milliseconds for all of `close`, below the 10 s that reporters have. */
const longestClose = 9000;
const json = { 'content-type': 'application/json', accept: 'application/json' };

/**
 * Tells a service registry which release runs, once that is certain: after a deployment or a rollback that went well
 * (after one that did not, what the registry knows is still true). Then reads it back, where the registry lets it.
 */
export class RegistryReporter implements Reporter {
  readonly name = 'registry';
  readonly #options: RegistryOptions;
  #final: Report | null = null;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  event(event: DeploymentEvent): void {
    if (event.type === 'finished') this.#final = event.report;
  }

  /** Ends within 9 s, and at once when `signal` aborts. Rejects when the release is not registered. */
  async close(signal: AbortSignal): Promise<void> {
    const report = this.#final;
    if (report?.status !== 'success' || !['deploy', 'rollback'].includes(report.command)) return;
    const deadline = deadlineIn(longestClose, signal);
    const { HttpClient } = await import('./http-client.ts');
    const client = new HttpClient(this.#options.url);
    try {
      await register(client, report, this.#options.environmentUrl, deadline);
    } finally {
      await client.destroy();
    }
  }
}

async function register(
  client: HttpClient,
  report: Report,
  environmentUrl: string | null,
  deadline: Deadline,
): Promise<void> {
  const post = {
    method: 'POST',
    path: '/register',
    headers: { ...json, 'x-homeport-deployment': report.deployment },
    body: JSON.stringify(registrationOf(report, environmentUrl)),
    // It is there already, says the registry: reading it back shows whether that is so.
    also: [409],
  } as const;
  const answer = await retrying(() => client.send(post, deadline), deadline);
  const isOffered = await retrying(() => readBack(client, report, deadline), deadline);
  if (!isOffered && answer.status === 409) {
    throw new RequestFailure('the registry answered 409 Conflict, and does not tell what it has', { again: false });
  }
}

function registrationOf(report: Report, environmentUrl: string | null): Readonly<Record<string, unknown>> {
  return {
    service_name: report.project,
    endpoint: environmentUrl,
    registered_at: report.finished_at,
    project: report.project,
    release: report.release,
    commit: report.commit,
    url: environmentUrl,
    systems: report.systems_deployed,
    deployment: report.deployment,
    command: report.command,
    repository: report.repository,
    branch: report.branch,
  };
}

/** Whether the registry offers what it knows. Throws a `RequestFailure` when that is not this release. */
async function readBack(client: HttpClient, report: Report, deadline: Deadline): Promise<boolean> {
  const path = `/services/${encodeURIComponent(report.project)}`;
  const get = { method: 'GET', path, headers: json, body: null, also: [404, 405, 501] } as const;
  const answer = await client.send(get, deadline);
  if (answer.status >= 400) return false;
  const known = recordSchema.safeParse(tryParseJson(answer.text)).data;
  const records = known === undefined ? [] : [known, known.service, known.registration];
  const releases = records.flatMap((record) => record?.release ?? []);
  const names = records.flatMap((record) =>
    [record?.project ?? [], record?.service_name ?? [], record?.name ?? []].flat(),
  );
  if (releases.length > 0 ? releases.includes(report.release ?? '') : names.includes(report.project)) return true;
  const has = releases[0] === undefined ? 'not this service' : `the release ${cut(cleanLine(releases[0]), 100)}`;
  // It may be a moment behind itself.
  throw new RequestFailure(`the registry took the release, and when asked it has ${has}`, { again: true });
}

const fields = {
  release: z.string().optional().catch(undefined),
  project: z.string().optional().catch(undefined),
  service_name: z.string().optional().catch(undefined),
  name: z.string().optional().catch(undefined),
};
const recordSchema = z.object({
  ...fields,
  service: z.object(fields).optional().catch(undefined),
  registration: z.object(fields).optional().catch(undefined),
});
