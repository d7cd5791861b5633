import { getOctokit } from '@actions/github';
import { EnvHttpProxyAgent, fetch, type RequestInit } from 'undici';
import { z } from 'zod';
import { explainNetworkError } from '../checks/network-errors.ts';
import { messageOf } from '../deployment/error.ts';
import { tryParseJson } from '../request/parse-json.ts';
import { type Deadline, RequestFailure, retryAfterMs } from './retry.ts';
import { cleanLine, cut } from './safe-text.ts';

/** Milliseconds. */
const times = {
  connect: 3000,
  request: 4000,
  /** What GitHub asks for after a secondary rate limit that says no time of its own. */
  secondaryLimit: 60_000,
} as const;

export interface GithubOptions {
  readonly apiUrl: string;
  readonly token: string;
  readonly owner: string;
  readonly repo: string;
  readonly environment: string;
}

/** Whose a GitHub Deployment is, kept in its payload: by it a deployment is found again whose process was killed. */
export interface Mark {
  readonly deployment: string;
  readonly project: string;
}

export interface NewStatus {
  readonly state: 'in_progress' | 'success' | 'failure' | 'error' | 'inactive';
  /** At most 140 characters. */
  readonly description: string;
  readonly logUrl: string | null;
  readonly environmentUrl: string | null;
}

const created = z.object({ id: z.number() });
const deployments = z.array(z.object({ id: z.number(), payload: z.unknown() }));
const statuses = z.array(z.object({ id: z.number(), state: z.string() }));
const markSchema = z.object({ homeport: z.object({ deployment: z.string(), project: z.string() }) });
const failureSchema = z.object({
  status: z.number(),
  response: z.object({ headers: z.record(z.string(), z.union([z.string(), z.number()]).optional()) }),
});

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/**
 * GitHub's deployments of one repository and environment. Each method is one try, of at most 4 s, and throws a
 * `RequestFailure` without the token.
 */
export class GithubApi {
  readonly #options: GithubOptions;
  // Idle connections are ended by `destroy`: none keeps the process from ending.
  readonly #agent = new EnvHttpProxyAgent({ connect: { timeout: times.connect } });
  readonly #repos: ReturnType<typeof getOctokit>['rest']['repos'];

  constructor(options: GithubOptions) {
    this.#options = options;
    const overOwnConnections = (url: string, init: RequestInit) => fetch(url, { ...init, dispatcher: this.#agent });
    this.#repos = getOctokit(options.token, {
      baseUrl: options.apiUrl.replace(/\/+$/, ''),
      log: silent,
      request: { fetch: overOwnConnections, log: silent },
    }).rest.repos;
  }

  /** Gives its ID. */
  async create(asked: { ref: string; task: string; description: string; mark: Mark }, deadline: Deadline) {
    const { ref, task, description, mark } = asked;
    const { id } = await this.#ask('create the deployment', created, deadline, (request) =>
      this.#repos.createDeployment({
        ...this.#repository,
        ref,
        task,
        description,
        environment: this.#options.environment,
        auto_merge: false,
        required_contexts: [],
        payload: { homeport: { deployment: mark.deployment, project: mark.project } },
        request,
      }),
    );
    return id;
  }

  /** The ID of the deployment with this mark; `null` when it is not among the last 30 of its commit and environment. */
  async find(ref: string, mark: Mark, deadline: Deadline): Promise<number | null> {
    const list = await this.#ask('list the deployments', deployments, deadline, (request) =>
      this.#repos.listDeployments({
        ...this.#repository,
        sha: ref,
        environment: this.#options.environment,
        per_page: 30,
        request,
      }),
    );
    return list.find(({ payload }) => isMarked(payload, mark))?.id ?? null;
  }

  async addStatus(id: number, status: NewStatus, deadline: Deadline): Promise<void> {
    const { state, description, logUrl, environmentUrl } = status;
    await this.#ask(`set its status to ${state}`, created, deadline, (request) =>
      this.#repos.createDeploymentStatus({
        ...this.#repository,
        deployment_id: id,
        state,
        description,
        ...(logUrl !== null && { log_url: logUrl }),
        ...(environmentUrl !== null && { environment_url: environmentUrl }),
        request,
      }),
    );
  }

  /** The IDs of what was deployed to the environment before this deployment, newest first, at most 10. */
  async before(id: number, deadline: Deadline): Promise<number[]> {
    const list = await this.#ask('list the deployments', deployments, deadline, (request) =>
      this.#repos.listDeployments({
        ...this.#repository,
        environment: this.#options.environment,
        per_page: 30,
        request,
      }),
    );
    const older = list.map((one) => one.id).filter((one) => one < id);
    return older.sort((a, b) => b - a).slice(0, 10);
  }

  /** The newest status of a deployment; `null` when it has none. */
  async stateOf(id: number, deadline: Deadline): Promise<string | null> {
    const list = await this.#ask('list its statuses', statuses, deadline, (request) =>
      this.#repos.listDeploymentStatuses({ ...this.#repository, deployment_id: id, per_page: 30, request }),
    );
    return list.sort((a, b) => b.id - a.id)[0]?.state ?? null;
  }

  async destroy(): Promise<void> {
    await this.#agent.destroy();
  }

  get #repository() {
    return { owner: this.#options.owner, repo: this.#options.repo };
  }

  async #ask<T extends z.ZodType>(
    what: string,
    schema: T,
    deadline: Deadline,
    send: (request: { signal: AbortSignal }) => Promise<{ readonly data: unknown }>,
  ): Promise<z.output<T>> {
    const timeout = AbortSignal.timeout(times.request);
    const { environment, token } = this.#options;
    const fail = (why: string, options: { again: boolean; pauseMs?: number }) => {
      const text = `it could not ${what} (environment ${environment}): ${why}`;
      return new RequestFailure(cut(cleanLine(text.replaceAll(token, '***')), 500), options);
    };
    try {
      const answer = await send({ signal: AbortSignal.any([deadline.signal, timeout]) });
      const parsed = schema.safeParse(answer.data);
      if (parsed.success) return parsed.data;
    } catch (error) {
      if (timeout.aborted) throw fail(`no answer within ${times.request / 1000} s`, { again: true });
      if (deadline.signal.aborted) throw fail('no answer in time', { again: false });
      const answer = failureSchema.safeParse(error).data;
      if (answer === undefined) {
        const { seen } = explainNetworkError(error, new URL(this.#options.apiUrl).host);
        throw fail(seen, { again: !/TLS/.test(seen) });
      }
      throw fail(`${answer.status} ${messageOf(error)}${advice(answer.status)}`, wayOn(answer, messageOf(error)));
    }
    if (timeout.aborted || deadline.signal.aborted) throw fail('the answer did not come in time', { again: true });
    throw fail("the answer is not that of GitHub's API", { again: true });
  }
}

/** GitHub gives a payload back as it got it, or as text. */
function isMarked(payload: unknown, mark: Mark): boolean {
  const parsed = markSchema.safeParse(typeof payload === 'string' ? tryParseJson(payload) : payload);
  if (!parsed.success) return false;
  const { deployment, project } = parsed.data.homeport;
  return deployment === mark.deployment && project === mark.project;
}

/**
 * Whether another try may help, by
 * https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#handle-rate-limit-errors-appropriately
 */
function wayOn(answer: z.output<typeof failureSchema>, message: string): { again: boolean; pauseMs?: number } {
  if (answer.status >= 500) return { again: true };
  if (answer.status !== 403 && answer.status !== 429) return { again: false };
  const header = (name: string): string | null => answer.response.headers[name]?.toString() ?? null;
  const asked = header('retry-after');
  if (asked !== null) return { again: true, pauseMs: retryAfterMs(asked) };
  if (header('x-ratelimit-remaining') === '0') {
    return { again: true, pauseMs: Math.max(0, Number(header('x-ratelimit-reset')) * 1000 - Date.now()) };
  }
  const isLimit = answer.status === 429 || /rate limit/i.test(message);
  return isLimit ? { again: true, pauseMs: times.secondaryLimit } : { again: false };
}

function advice(status: number): string {
  if (status === 401) return '; check `github-token`';
  if (status !== 403 && status !== 404) return '';
  return '; give the job `permissions: {contents: read, deployments: write}`, or the token the right to write deployments';
}
