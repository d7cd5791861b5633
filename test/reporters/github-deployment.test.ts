import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { type GithubDeploymentOptions, GithubDeploymentReporter } from '../../src/reporters/github-deployment.ts';
import { cleanLine } from '../../src/reporters/safe-text.ts';
import { GithubServer, type GithubStep } from '../support/github-server.ts';
import { critical, gateFailed, hostile, report, smokeRolledBack, successful } from '../support/reports.ts';

let server: GithubServer;
beforeEach(async () => {
  server = await GithubServer.start();
});
afterEach(async () => {
  await server.close();
  expect(server.violations).toEqual([]);
});

function reporterOf(changes: Partial<GithubDeploymentOptions> = {}): GithubDeploymentReporter {
  return new GithubDeploymentReporter({
    apiUrl: server.url,
    token: GithubServer.token,
    environment: 'production',
    environmentUrl: 'https://mundus.example.org',
    ...changes,
  });
}

const never = new AbortController().signal;

async function begin(reporter: GithubDeploymentReporter, value: Report = successful): Promise<void> {
  reporter.event({ type: 'started', report: { ...value, status: 'aborted', release: null } });
  await vi.waitFor(() => expect(server.states.at(-1)).toBe('in_progress'), { timeout: 10_000 });
}

async function finish(reporter: GithubDeploymentReporter, value: Report, signal = never): Promise<void> {
  reporter.event({ type: 'finished', report: value });
  await reporter.close(signal);
}

/** A whole deployment. */
async function deploy(value: Report, changes: Partial<GithubDeploymentOptions> = {}): Promise<void> {
  const reporter = reporterOf(changes);
  await begin(reporter, value);
  await finish(reporter, value);
}

async function failureOf(promise: Promise<void>): Promise<string> {
  return await promise.then(
    () => 'nothing failed',
    (error: unknown) => String(error),
  );
}

const aborted = report({ status: 'aborted', phase: 'preflight', exit_code: 7, release: null, error: gateFailed.error });
const statuses = () => server.deployments.at(-1)?.statuses.map(({ state }) => state);
const posted = () => server.calls.filter(({ method }) => method === 'POST').length;

describe('the GitHub Deployment', () => {
  it('is of the commit and the environment, goes ahead at once, and ends in success', async () => {
    await deploy(successful);
    expect(server.deployments).toMatchObject([{ ref: successful.commit, environment: 'production', task: 'deploy' }]);
    expect(JSON.parse(server.calls[0]?.body ?? '')).toMatchObject({ auto_merge: false, required_contexts: [] });
    expect(statuses()).toEqual(['in_progress', 'success']);
    for (const status of server.deployments[0]?.statuses ?? []) {
      expect(status).toMatchObject({ log_url: successful.run_url, environment_url: 'https://mundus.example.org' });
    }
    expect(server.deployments[0]?.statuses[1]?.description).toBe(
      'Deployment successful in 1m 11s: 20251121T101500Z-3f2a9c1',
    );
  });

  it.each(['production', 'staging'])(
    'makes the one before it in %s inactive, and no other one',
    async (environment) => {
      server.has('elsewhere', ['success']);
      server.has(environment, ['success', 'inactive']);
      server.has(environment, ['in_progress', 'success']);
      server.has(environment, ['failure']);
      await deploy(successful, { environment });
      expect(server.states).toEqual(['success', 'inactive', 'inactive', 'failure', 'success']);
    },
  );

  it('has failed when it was rolled back, and the one before stays the active one', async () => {
    await deploy(successful);
    await deploy({ ...smokeRolledBack, deployment: '20251122T101500Z-77b0c4e' });
    expect(server.states).toEqual(['success', 'failure']);
    expect(server.deployments[1]?.statuses.at(-1)?.description).toMatch(
      /^Deployment failed, rolled back: GET http:\/\/localhost:8000\/health answered 500/,
    );
  });

  it.each([
    ['failure', gateFailed],
    ['failure', critical],
    ['error', aborted],
  ])('ends as %s and leaves the one before alone', async (state, value) => {
    server.has('production', ['success']);
    await deploy(value);
    expect(server.states).toEqual(['success', state]);
  });

  it('makes the one before inactive when what failed was left running', async () => {
    server.has('production', ['success']);
    await deploy({ ...smokeRolledBack, status: 'failed', details: { left_running: true } });
    expect(server.states).toEqual(['inactive', 'failure']);
  });

  it('is one of the older commit after a rollback on purpose', async () => {
    await deploy({ ...successful, deployment: 'older' });
    await deploy({ ...successful, deployment: 'newer', commit: 'b'.repeat(40) });
    const reporter = reporterOf();
    const back = { ...successful, deployment: 'back', command: 'rollback' };
    reporter.event({ type: 'started', report: { ...back, commit: 'b'.repeat(40) } });
    await finish(reporter, back);
    expect(server.states).toEqual(['inactive', 'inactive', 'success']);
    expect(server.deployments[2]).toMatchObject({ ref: successful.commit, task: 'deploy:rollback' });
  });

  it.each(['backup', 'restore'])('is none for a %s', async (command) => {
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: { ...successful, command } });
    await finish(reporter, { ...successful, command });
    expect(server.calls).toEqual([]);
  });

  it('is completed by whoever recovers a killed deployment', async () => {
    await begin(reporterOf());
    const later = server.has('production', ['in_progress']);
    await finish(reporterOf(), smokeRolledBack);
    expect(server.states).toEqual(['failure', 'in_progress']);
    await finish(reporterOf(), successful);
    expect(server.states).toEqual(['success', 'in_progress']);
    expect(server.deployments.at(-1)).toBe(later);
  });

  it('can be told what a hostile test prints', async () => {
    const commit = successful.commit;
    const value = { ...hostile, repository: 'octo/mundus', deployment: 'x', commit };
    await finish(reporterOf(), value);
    expect(server.states).toEqual(['failure']);
    const { description = '', log_url } = server.deployments[0]?.statuses[0] ?? {};
    expect(description).toBe(cleanLine(description));
    expect(log_url).toBe('');
  });

  it('leaves no connection that keeps the process from ending', async () => {
    await deploy(successful);
    await vi.waitFor(async () => expect(await server.connections()).toBe(0));
  });
});

describe('when GitHub does not answer as it should, the reporter', () => {
  it('makes the deployment at the end when that did not go at the beginning', async () => {
    server.answer(...Array.from({ length: 5 }, (): GithubStep => ({ status: 500, message: 'Server Error' })));
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: successful });
    await vi.waitFor(() => expect(server.calls).toHaveLength(5), { timeout: 8000 });
    await finish(reporter, successful);
    expect(server.states).toEqual(['success']);
  });

  it('tries again after server errors, a proxy error page and lost connections', async () => {
    server.answer({ status: 500, message: 'Server Error' }, 'html', 'ok', 'lost');
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: successful });
    await vi.waitFor(() => expect(statuses()).toEqual(['in_progress']), { timeout: 5000 });
    await finish(reporter, successful);
    expect(server.states).toEqual(['success']);
  });

  it('makes no second deployment when the answer to the first was lost', async () => {
    server.answer('lost');
    await deploy(successful);
    expect(server.deployments).toHaveLength(1);
    expect(server.states).toEqual(['success']);
  });

  it.each([
    ['the secondary rate limit', { status: 403, message: 'secondary rate limit', headers: { 'retry-after': '1' } }],
    ['too many requests', { status: 429, message: 'slow down', headers: { 'retry-after': '1' } }],
  ])('waits as long as %s asks', async (_, refusal) => {
    server.answer('ok', 'ok', refusal);
    await deploy(successful);
    expect((server.calls[3]?.at ?? 0) - (server.calls[2]?.at ?? 0)).toBeGreaterThanOrEqual(990);
    expect(server.states).toEqual(['success']);
  });

  it.each([
    ['retry-after', { 'retry-after': '60' }],
    ['x-ratelimit-reset', { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': String(Date.now() / 1000 + 600) }],
    ['nothing at all', {}],
  ])('gives up at once when a rate limit asks for more time than there is, by %s', async (_, headers) => {
    const reporter = reporterOf();
    await begin(reporter);
    server.answer({ status: 403, message: 'You have exceeded a secondary rate limit', headers });
    const begun = Date.now();
    expect(await failureOf(finish(reporter, successful))).toContain('set its status to success');
    expect(Date.now() - begun).toBeLessThan(1000);
    expect(posted()).toBe(3);
  });

  it.each([
    [403, 'Resource not accessible by integration', 'permissions: {contents: read, deployments: write}'],
    [404, 'Not Found', 'permissions: {contents: read, deployments: write}'],
    [401, `Bad credentials ${GithubServer.token}`, 'Bad credentials ***'],
    [422, `No ref found for: ${successful.commit}`, 'No ref found'],
  ])('asks once and says what to do after %i %s', async (status, message, said) => {
    server.answer({ status, message });
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: successful });
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    const failure = await failureOf(finish(reporter, successful));
    expect(failure).toContain('it could not create the deployment (environment production)');
    expect(failure).toContain(said);
    expect(failure).not.toContain(GithubServer.token);
    expect(server.calls).toHaveLength(1);
  });

  it('ends with a warning without the token when nothing listens', async () => {
    const reporter = reporterOf({ apiUrl: server.url });
    await server.close();
    reporter.event({ type: 'started', report: successful });
    const begun = Date.now();
    const failure = await failureOf(finish(reporter, successful));
    expect(failure).toContain('connection refused: nothing listens on 127.0.0.1');
    expect(failure).not.toContain(GithubServer.token);
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 15_000);

  it('ends as soon as the signal aborts while it hangs', async () => {
    server.answer('hang', 'hang', 'hang');
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: successful });
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    const begun = Date.now();
    await expect(finish(reporter, successful, AbortSignal.timeout(300))).rejects.toThrow('no answer in time');
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  it('ends within 10 s by itself while it hangs', async () => {
    server.answer(...Array.from({ length: 20 }, () => 'hang' as const));
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: successful });
    const begun = Date.now();
    await expect(finish(reporter, successful)).rejects.toThrow('it could not list the deployments');
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 15_000);

  it('prints nothing of its own', async () => {
    const printed = vi.spyOn(console, 'warn').mockImplementation(() => {});
    const gone = { status: 410, message: 'Gone', headers: { deprecation: '@1', link: '<x>; rel="deprecation"' } };
    server.answer(gone);
    await failureOf(finish(reporterOf(), successful));
    expect(printed).not.toHaveBeenCalled();
    printed.mockRestore();
  });
});

describe('the reporter says that GitHub was told nothing', () => {
  it('where no token was given', async () => {
    const reporter = reporterOf({ token: null });
    reporter.event({ type: 'started', report: successful });
    const failure = await failureOf(finish(reporter, successful));
    expect(failure).toContain('`environment` is production, and no `github-token` was given');
  });

  it.each([null, '../../user', 'octo', 'octo/mundus/issues'])('where the repository is %s', async (repository) => {
    const reporter = reporterOf();
    reporter.event({ type: 'started', report: { ...successful, repository } });
    expect(await failureOf(finish(reporter, { ...successful, repository }))).toContain(
      'no repository of GitHub is known',
    );
    expect(server.calls).toEqual([]);
  });
});
