import { join } from 'node:path';
import type { CheckResult } from '../checks/check.ts';
import { runChecks } from '../checks/run-checks.ts';
import { databaseOfService } from '../databases/running.ts';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { type Facts, known } from '../deployment/facts.ts';
import { readSmoke } from '../deployment/recorded-smoke.ts';
import type { Release } from '../deployment/release.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { containerLogs } from '../platforms/compose/logs.ts';
import { type ObservedContainer, observe } from '../platforms/compose/observe.ts';
import { awaitStaysUp, type Expectation } from '../platforms/compose/watch.ts';
import type { Request, SmokeCheck } from '../request/schema.ts';
import { expectationOf } from './start.ts';

/** Asks the new release whether it works, while its containers are watched for `startup-wait`. */
export function smokeStage(smoke: readonly SmokeCheck[]): Stage {
  const count = smoke.length === 1 ? '1 check' : `${smoke.length} checks`;
  return {
    name: 'smoke',
    needs: ['start'],
    intent: smoke.length === 0 ? 'watch that every container stays up' : `run ${count} while every container stays up`,
    exitCode: exitCodes.smoke,
    run: async (context) => {
      const release = known(context.facts.release, 'release');
      const working = known(context.facts.source, 'source').workingDirectory;
      const expected = expectationOf(release, context.facts);
      await smokeRelease(context, { expected, checks: smoke, workingDirectory: working, release });
    },
  };
}

/** For a release that is gone back to on purpose: its own checks, with its own scripts. */
export function recordedSmokeStage(): Stage {
  return {
    name: 'smoke',
    needs: ['start'],
    intent: 'run the checks that were recorded with the release',
    exitCode: exitCodes.smoke,
    run: async (context) => {
      const release = known(context.facts.release, 'release');
      const expected = expectationOf(release, context.facts);
      await smokeRelease(context, { expected, ...recordedSmoke(context, release), release });
    },
  };
}

/** The checks that were recorded with a release, and where their scripts are kept. */
export function recordedSmoke(
  context: StageContext,
  release: Release,
): { checks: SmokeCheck[]; workingDirectory: string } {
  const { places } = context;
  return {
    checks: readSmoke(release.smoke),
    // Checks that run no script need no folder of their own.
    workingDirectory: release.working_tree === null ? places.root : join(places.files, release.working_tree),
  };
}

export interface SmokeOptions {
  readonly expected: Expectation;
  readonly checks: readonly SmokeCheck[];
  readonly workingDirectory: string;
  readonly release: Release;
}

/**
 * Runs the checks side by side with the watch. Throws `HomeportError` for the first container that doesn't stay up (the
 * start's fault), else for the checks that failed, with what each saw and its containers' last log lines.
 */
export async function smokeRelease(context: StageContext, options: SmokeOptions): Promise<void> {
  const { host, facts } = context;
  const services = new Set(Object.keys(options.release.services));
  const containers = (await observe(host, facts.project)).filter((one) => services.has(one.service));
  const running = containers.filter((container) => container.state === 'running');
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);

  const watch = context.during(() =>
    awaitStaysUp(context, options.expected, containers, context.request['startup-wait'], signal),
  );
  const checks = context.during(() =>
    runChecks([...options.checks], {
      host,
      signal,
      workingDirectory: options.workingDirectory,
      env: {
        ...facts.environment,
        HOMEPORT_PROJECT: facts.project,
        HOMEPORT_RELEASE: options.release.id,
        HOMEPORT_COMMIT: options.release.commit ?? '',
        HOMEPORT_DEPLOYMENT: facts.id,
        PWD: options.workingDirectory,
      },
      containers: running.map((container) => ({
        id: container.id,
        name: container.name,
        service: container.service,
        addresses: container.addresses,
        hostNetwork: container.networkMode === 'host',
        restartsBefore: restartsBefore(container, facts),
      })),
      databaseOf: (service) => databaseOfService(context, running, service),
      bot: botOf(context.request),
      stateFolder: context.places.root,
      say: context.say,
    }),
  );
  const settled = Promise.allSettled([watch, checks]);
  try {
    const judged = checks.then(async (results) => {
      const failed = results.filter((result) => !result.ok);
      if (failed.length > 0 && !signal.aborted) throw await smokeFailed(context, failed, running);
    });
    await Promise.all([watch, judged]);
    context.signal.throwIfAborted();
  } finally {
    stop.abort();
    await settled;
  }
}

/** A container that the deployment left alone may have been restarted long ago; a new one began at zero. */
function restartsBefore(container: ObservedContainer, facts: Facts): number {
  const before = facts.containers?.find(({ id }) => id === container.id);
  return before?.restartCount ?? (facts.untouched.has(container.id) ? container.restartCount : 0);
}

function botOf(request: Request): { apiUrl: string; token: string } | null {
  const token = request['telegram-token'];
  return token === undefined ? null : { apiUrl: request['telegram-api-url'], token };
}

async function smokeFailed(
  context: StageContext,
  failed: readonly CheckResult[],
  containers: readonly ObservedContainer[],
): Promise<HomeportError> {
  const blamed = failed.flatMap((result) => (result.service === null ? [] : [result.service]));
  const own = containers.filter((one) => blamed.includes(one.service));
  const fresh = containers.filter((one) => !context.facts.untouched.has(one.id));
  const shown = own.length > 0 ? own : fresh.length > 0 ? fresh : containers;
  const titles = failed.map((result) => result.title).join(', ');
  const seen = failed.map((result) => `${result.title} (${result.attempts} attempts): ${result.seen}`).join('\n');
  return new HomeportError(`Smoke failed: ${titles}: ${failed[0]?.seen.split('\n')[0] ?? ''}`, {
    hint: 'Compare what the check saw with the log lines of the container.',
    excerpt: `${context.redact(seen)}\n\n${await containerLogs(context.host, shown, context.redact)}`,
  });
}
