import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../deployment/report.ts';
import { formatDuration } from '../request/units.ts';
import { webUrl } from './facts.ts';
import type { GithubApi, NewStatus } from './github-api.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';
import { type Deadline, deadlineIn, RequestFailure, retrying } from './retry.ts';
import { cleanLine, cut } from './safe-text.ts';
import { nounOf, verdictOf } from './verdict.ts';

export interface GithubDeploymentOptions {
  readonly apiUrl: string;
  /** `null` where the settings name an environment and nobody gave a token: GitHub is told nothing, and a warning says so. */
  readonly token: string | null;
  readonly environment: string;
  readonly environmentUrl: string | null;
}

/** Milliseconds. */
const times = {
  /** For the beginning, which holds nobody up. */
  begin: 120_000,
  /** What a request of the beginning has left once the deployment is over. */
  settle: 2500,
  /** For all of `close`, below the 10 s that reporters have. */
  close: 9000,
} as const;

/** Of a description. */
const longest = 140;

/**
 * A GitHub Deployment of the commit: `in_progress`, then how it ended. When it went well, what was deployed there before
 * becomes `inactive`; when it was rolled back, the one before stays the active one, as it is on the host. A rollback on
 * purpose is a deployment of the older commit.
 */
export class GithubDeploymentReporter implements Reporter {
  readonly name = 'GitHub Deployment';
  readonly #options: GithubDeploymentOptions;
  #api: GithubApi | null = null;
  #id: number | null = null;
  #begun: Promise<void> = Promise.resolve();
  /** GitHub will not take it, however often it is asked. */
  #refused: RequestFailure | null = null;
  #final: Report | null = null;
  readonly #over = new AbortController();

  constructor(options: GithubDeploymentOptions) {
    this.#options = options;
  }

  event(event: DeploymentEvent): void {
    if (event.type === 'finished') this.#final = event.report;
    // Where a rollback goes to is known at its end.
    if (event.type !== 'started' || event.report.command !== 'deploy' || event.report.commit === null) return;
    if (this.#options.token !== null) this.#begun = this.#begin(event.report, event.report.commit);
  }

  /** Ends within 9 s, and at once when `signal` aborts. Rejects with what GitHub does not know. */
  async close(signal: AbortSignal): Promise<void> {
    const deadline = deadlineIn(times.close, signal);
    const settled = sleep(times.settle, undefined, { signal: deadline.signal, ref: false }).catch(() => undefined);
    await Promise.race([this.#begun, settled]);
    this.#over.abort();
    await this.#begun;
    try {
      const report = this.#final;
      if (report !== null && ['deploy', 'rollback'].includes(report.command)) await this.#tell(report, deadline);
    } finally {
      await this.#api?.destroy();
    }
  }

  /** Never rejects: what could not be told now is told at the end. */
  async #begin(report: Report, commit: string): Promise<void> {
    const deadline = deadlineIn(times.begin, this.#over.signal);
    try {
      const api = await this.#connect(report);
      await this.#ensure(api, report, commit, deadline, 'new');
      const description = `${nounOf(report)} ${report.deployment} is under way`;
      await this.#say(api, report, { state: 'in_progress', description }, deadline);
    } catch (error) {
      if (error instanceof RequestFailure && !error.again && !this.#over.signal.aborted) this.#refused = error;
    }
  }

  async #tell(report: Report, deadline: Deadline): Promise<void> {
    if (this.#options.token === null) {
      throw new Error(
        `GitHub was told nothing: \`environment\` is ${this.#options.environment}, and no \`github-token\` was given`,
      );
    }
    if (this.#refused !== null) throw this.#refused;
    // Nobody knows what it was about: the deployment has failed, and says why.
    if (report.commit === null) return;
    const api = await this.#connect(report);
    await this.#ensure(api, report, report.commit, deadline, 'perhaps begun');
    await this.#say(api, report, { state: stateOf(report), description: outcomeOf(report) }, deadline);
    if (report.status === 'success' || report.details.left_running === true) {
      await this.#retireOthers(api, report, deadline);
    }
  }

  /** Finds or makes the deployment. A request whose answer was lost may have made it, and so may a process that was killed. */
  async #ensure(
    api: GithubApi,
    report: Report,
    ref: string,
    deadline: Deadline,
    known: 'new' | 'perhaps begun',
  ): Promise<void> {
    const mark = { deployment: report.deployment, project: report.project };
    const task = report.command === 'deploy' ? 'deploy' : 'deploy:rollback';
    const description = cut(`${nounOf(report)} ${report.deployment} of ${report.project} by Homeport`, longest);
    let mayBeThere = known === 'perhaps begun';
    this.#id ??= await retrying(async () => {
      const there = mayBeThere ? await api.find(ref, mark, deadline) : null;
      mayBeThere = true;
      return there ?? (await api.create({ ref, task, description, mark }, deadline));
    }, deadline);
  }

  async #say(
    api: GithubApi,
    report: Report,
    status: Pick<NewStatus, 'state' | 'description'>,
    deadline: Deadline,
  ): Promise<void> {
    const id = this.#id;
    if (id === null) return;
    const urls = { logUrl: webUrl(report.run_url), environmentUrl: this.#options.environmentUrl };
    await retrying(() => api.addStatus(id, { ...status, ...urls }, deadline), deadline);
  }

  /**
   * GitHub makes earlier deployments inactive by itself, but not those of a production environment (`auto_inactive`), and
   * not when the newest one failed and was left running.
   */
  async #retireOthers(api: GithubApi, report: Report, deadline: Deadline): Promise<void> {
    const id = this.#id;
    if (id === null) return;
    const description = cut(`Replaced by ${report.deployment}`, longest);
    for (const one of await retrying(() => api.before(id, deadline), deadline)) {
      const state = await retrying(() => api.stateOf(one, deadline), deadline);
      // Those before it were retired with it.
      if (state === 'inactive') return;
      if (state !== 'success') continue;
      const status = { state: 'inactive', description, logUrl: null, environmentUrl: null } as const;
      await retrying(() => api.addStatus(one, status, deadline), deadline);
    }
  }

  /** Throws a `RequestFailure` when it is not known which repository is meant. */
  async #connect(report: Report): Promise<GithubApi> {
    if (this.#api !== null) return this.#api;
    const [, owner, repo] = /^([\w.-]+)\/([\w.-]+)$/.exec(report.repository ?? '') ?? [];
    if (owner === undefined || repo === undefined) {
      const why = `no repository of GitHub is known: the checkout has no remote \`origin\` there`;
      throw new RequestFailure(`GitHub was told nothing: ${why}`, { again: false });
    }
    const { apiUrl, environment, token } = this.#options;
    const { GithubApi } = await import('./github-api.ts');
    this.#api ??= new GithubApi({ apiUrl, token: token ?? '', owner, repo, environment });
    return this.#api;
  }
}

function stateOf(report: Report): NewStatus['state'] {
  if (report.status === 'success') return 'success';
  return report.status === 'aborted' ? 'error' : 'failure';
}

function outcomeOf(report: Report): string {
  const more =
    report.status === 'success'
      ? ` in ${formatDuration(report.duration_seconds)}: ${report.release ?? ''}`
      : `: ${report.error?.message ?? ''}`;
  return cut(cleanLine(`${verdictOf(report).words}${more}`.replaceAll('`', '')), longest);
}
