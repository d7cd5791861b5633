import { z } from 'zod';
import { OpenApi } from './openapi.ts';
import { type Call, type Step, WebService } from './web-service.ts';

interface Status {
  readonly id: number;
  readonly state: string;
  readonly description: string;
  readonly log_url: string;
  readonly environment_url: string;
}

interface Deployment {
  readonly id: number;
  readonly ref: string;
  readonly task: string;
  readonly environment: string;
  readonly description: string | null;
  readonly payload: unknown;
  readonly statuses: Status[];
}

/** `lost`: does what was asked and resets the connection before it has answered. `html`: the error page of a proxy. */
export type GithubStep = 'ok' | 'hang' | 'lost' | 'html' | Refusal;

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const newDeployment = z.object({
  ref: z.string(),
  task: z.string().default('deploy'),
  environment: z.string().default('production'),
  description: z.string().nullable().default(null),
  payload: z.unknown(),
  required_contexts: z.array(z.string()).optional(),
});
const newStatus = z.object({
  state: z.string(),
  description: z.string().default(''),
  log_url: z.string().default(''),
  environment_url: z.string().default(''),
  auto_inactive: z.boolean().default(true),
});

const openApi = OpenApi.ofGithub();
const at = '2025-11-21T10:15:00Z';

/**
 * GitHub's deployments of `octo/mundus` on this machine. Checks every request, and each of its own answers, against
 * GitHub's published description; makes earlier deployments inactive as GitHub does: not those of production.
 */
export class GithubServer {
  static readonly token = 'ghs_16C7e42F292c6912E7710c838347Ae178B4a';
  readonly deployments: Deployment[] = [];
  readonly calls: Call[] = [];
  /** What the description doesn't allow: a test with any is wrong. */
  readonly violations: string[] = [];
  #steps: GithubStep[] = [];
  #service: WebService | null = null;
  #nextId = 1001;

  static async start(): Promise<GithubServer> {
    const server = new GithubServer();
    server.#service = await WebService.start((call) => server.#handle(call));
    return server;
  }

  get url(): string {
    return this.#service?.url ?? '';
  }

  /** How the next calls are answered; `ok` after them. */
  answer(...steps: GithubStep[]): void {
    this.#steps = steps;
  }

  /** A deployment from before, of another tool where it has no mark. */
  has(environment: string, states: readonly string[], more: { payload?: unknown; ref?: string } = {}): Deployment {
    const payload = more.payload ?? {};
    const one = this.#add({ ref: more.ref ?? 'main', task: 'deploy', environment, description: null, payload });
    for (const state of states) one.statuses.push(this.#status({ state }));
    return one;
  }

  /** The newest state of each deployment, in the order in which they were made. */
  get states(): string[] {
    return this.deployments.map(({ statuses }) => statuses.at(-1)?.state ?? 'none');
  }

  async connections(): Promise<number> {
    return (await this.#service?.connections()) ?? 0;
  }

  async close(): Promise<void> {
    await this.#service?.close();
  }

  #handle(call: Call): Step {
    this.calls.push(call);
    const body: unknown = call.body === '' ? undefined : JSON.parse(call.body);
    const request = { method: call.method, path: call.path, body };
    this.violations.push(...openApi.violationsOf(request), ...this.#headerViolations(call));
    const step = this.#steps.shift() ?? 'ok';
    if (step === 'hang') return 'hang';
    if (step === 'html') {
      return { status: 502, headers: { 'content-type': 'text/html' }, body: '<h1>Bad Gateway</h1>' };
    }
    const json = { 'content-type': 'application/json; charset=utf-8' };
    if (typeof step === 'object') {
      const { status, message, headers } = step;
      return { status, headers: { ...json, ...headers }, body: JSON.stringify({ message, documentation_url: '' }) };
    }
    const answer = this.#apply(call, body);
    this.violations.push(...openApi.answerViolations(request, answer.status, answer.body));
    return step === 'lost' ? 'lost' : { status: answer.status, headers: json, body: JSON.stringify(answer.body) };
  }

  #headerViolations({ method, headers }: Call): string[] {
    return [
      headers.authorization === `token ${GithubServer.token}` ? '' : 'no token, or another one',
      headers['user-agent'] === undefined ? 'no user-agent' : '',
      /^application\/vnd\.github(?:\.v3)?\+json$/.test(headers.accept ?? '') ? '' : `accept: ${headers.accept}`,
      method === 'GET' || /^application\/json/.test(headers['content-type'] ?? '') ? '' : 'not application/json',
    ].filter((violation) => violation !== '');
  }

  #apply(call: Call, body: unknown): { status: number; body: unknown } {
    const url = new URL(call.path, 'http://x');
    const [, repository, id] = /^\/repos\/([^/]+\/[^/]+)\/deployments(?:\/(\d+)\/statuses)?$/.exec(url.pathname) ?? [];
    if (repository !== 'octo/mundus') return { status: 404, body: { message: 'Not Found' } };
    if (id !== undefined) return this.#applyStatus(Number(id), call.method, body);
    if (call.method === 'POST') {
      const asked = newDeployment.parse(body);
      if (asked.required_contexts?.length !== 0) this.violations.push('it would wait for commit statuses');
      return { status: 201, body: told(this.#add(asked)) };
    }
    const wanted = ['environment', 'sha'].map((name) => url.searchParams.get(name));
    const found = this.deployments.filter(
      ({ environment, ref }) => (wanted[0] ?? environment) === environment && (wanted[1] ?? ref) === ref,
    );
    return { status: 200, body: found.toReversed().map(told) };
  }

  #applyStatus(id: number, method: string, body: unknown): { status: number; body: unknown } {
    const deployment = this.deployments.find((one) => one.id === id);
    if (deployment === undefined) return { status: 404, body: { message: 'Not Found' } };
    const { environment } = deployment;
    const shown = (status: Status) => toldStatus(status, environment);
    if (method === 'GET') return { status: 200, body: deployment.statuses.toReversed().map(shown) };
    const asked = newStatus.parse(body);
    if (asked.description.length > 140) this.violations.push('a description of more than 140 characters');
    const status = this.#status(asked);
    deployment.statuses.push(status);
    if (asked.state === 'success' && asked.auto_inactive && environment !== 'production') {
      for (const one of this.deployments) {
        if (one.id >= id || one.environment !== environment || one.statuses.at(-1)?.state !== 'success') continue;
        one.statuses.push(this.#status({ state: 'inactive' }));
      }
    }
    return { status: 201, body: shown(status) };
  }

  #add(asked: Omit<Deployment, 'id' | 'statuses'>): Deployment {
    const { ref, task, environment, description, payload } = asked;
    const id = this.#nextId++;
    const deployment = { id, ref, task, environment, description, payload, statuses: [] };
    this.deployments.push(deployment);
    return deployment;
  }

  #status(asked: Partial<Status> & { state: string }): Status {
    const { state, description = '', log_url = '', environment_url = '' } = asked;
    return { id: this.#nextId++, state, description, log_url, environment_url };
  }
}

function urlsOf(id: number) {
  return {
    node_id: `DE_${id}`,
    created_at: at,
    updated_at: at,
    creator: null,
    repository_url: 'https://api.github.com/repos/octo/mundus',
  };
}

function told({ id, ref, task, environment, description, payload }: Deployment) {
  const url = `https://api.github.com/repos/octo/mundus/deployments/${id}`;
  return {
    ...urlsOf(id),
    url,
    id,
    sha: /^[0-9a-f]{40}$/.test(ref) ? ref : 'f'.repeat(40),
    ref,
    task,
    payload,
    environment,
    description,
    statuses_url: `${url}/statuses`,
  };
}

function toldStatus(status: Status, environment: string) {
  const url = 'https://api.github.com/repos/octo/mundus/deployments';
  return { ...urlsOf(status.id), ...status, url, environment, target_url: status.log_url, deployment_url: url };
}
