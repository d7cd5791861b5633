import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, HomeportError } from '../../deployment/error.ts';
import type { StageContext } from '../../deployment/stage.ts';
import { formatDuration } from '../../request/units.ts';
import { containerLogs } from './logs.ts';
import { type ObservedContainer, observe, observeContainers } from './observe.ts';

const pollEvery = 300;

/** What is awaited: how many containers of each service, and which containers nobody touched. */
export interface Expectation {
  readonly project: string;
  readonly replicas: Readonly<Record<string, number>>;
  /** IDs of containers that ran before and were left alone: their troubles aren't this release's. */
  readonly untouched: ReadonlySet<string>;
  /** IDs of containers that are the same as before, restarted or not: what restarted them is past, they must get ready. */
  readonly existing: ReadonlySet<string>;
}

/**
 * Waits until every expected container is ready: running, and healthy where it has a health check; a one-shot one has
 * ended well. Gives the containers. Throws `HomeportError` at once when one can't become ready any more (it restarted,
 * exited or turned unhealthy), and after `timeout` ms when one isn't.
 */
export async function awaitReady(
  context: StageContext,
  expected: Expectation,
  timeout: number,
): Promise<ObservedContainer[]> {
  const deadline = performance.now() + timeout;
  let told = '';
  for (;;) {
    context.signal.throwIfAborted();
    const containers = (await observe(context.host, expected.project)).filter(
      (container) => (expected.replicas[container.service] ?? 0) > 0,
    );
    const broken = containers.find(
      (one) => !expected.untouched.has(one.id) && !expected.existing.has(one.id) && troubleOf(one, 0) !== null,
    );
    if (broken !== undefined) throw await brokenContainer(context, broken);
    const waiting = waitingFor(containers, expected);
    if (waiting.length === 0) return containers;
    const line = `waiting for ${waiting.join(', ')}`;
    if (line !== told) context.say(line);
    told = line;
    if (performance.now() > deadline) throw await notReady(context, containers, waiting, timeout);
    await sleep(pollEvery, undefined, { signal: context.signal });
  }
}

/**
 * Watches that containers which are new stay up until `startup-wait` after their own start. Resolves then; throws
 * `HomeportError` as soon as one restarts, exits, turns unhealthy or is gone.
 */
export async function awaitStaysUp(
  context: StageContext,
  expected: Expectation,
  containers: readonly ObservedContainer[],
  wait: number,
  signal: AbortSignal,
): Promise<void> {
  const fresh = containers.filter(
    (container) => !expected.untouched.has(container.id) && container.state === 'running',
  );
  const lastStart = Math.max(0, ...fresh.map((container) => container.startedAt.getTime()));
  // The engine tells the time of day, which may jump: never longer than the whole wait.
  const until = performance.now() + Math.min(wait, lastStart + wait - Date.now());
  const restarts = new Map(fresh.map((container) => [container.id, container]));
  while (fresh.length > 0) {
    const now = await observeContainers(context.host, [...restarts.keys()]);
    for (const [id, before] of restarts) {
      const container = now.find((one) => one.id === id);
      if (container === undefined) {
        throw notUp(`The container ${before.name} was removed by somebody while it was being watched.`, undefined);
      }
      const trouble = troubleOf(container, before.restartCount);
      if (trouble !== null || container.startedAt.getTime() !== before.startedAt.getTime()) {
        throw await brokenContainer(context, container);
      }
    }
    const left = until - performance.now();
    if (left <= 0) return;
    await sleep(Math.min(left, 500), undefined, { signal });
  }
}

/**
 * Why a container can't be ready any more, for people; `null` when it can. `restartsBefore` are those that don't count.
 */
export function troubleOf(container: ObservedContainer, restartsBefore: number): string | null {
  if (container.state === 'restarting' || container.restartCount > restartsBefore) {
    // Once the container runs again, the engine tells 0 whatever it had exited with.
    const forgotten = container.state === 'running' && container.exitCode === 0;
    return forgotten ? 'restarted' : `restarted (exit code ${container.exitCode})`;
  }
  if (container.state === 'dead' || container.state === 'paused' || container.state === 'removing') {
    return `is ${container.state}`;
  }
  if (container.state === 'exited' && !endedWell(container)) {
    return `exited with code ${container.exitCode}${container.oomKilled ? ', out of memory' : ''}`;
  }
  return container.health === 'unhealthy' && container.state === 'running' ? 'is unhealthy' : null;
}

/** A one-shot container: it did its work and isn't meant to come back. */
function endedWell(container: ObservedContainer): boolean {
  const comesBack = container.restartPolicy === 'always' || container.restartPolicy === 'unless-stopped';
  return container.state === 'exited' && container.exitCode === 0 && !comesBack;
}

/** Running, and healthy where it has a health check; or a one-shot one that did its work. */
export function isReady(container: ObservedContainer): boolean {
  if (endedWell(container)) return true;
  return container.state === 'running' && (container.health === 'none' || container.health === 'healthy');
}

function waitingFor(containers: readonly ObservedContainer[], expected: Expectation): string[] {
  const waiting: string[] = [];
  for (const [service, wanted] of Object.entries(expected.replicas)) {
    const own = containers.filter((container) => container.service === service);
    const ready = own.filter((container) => isReady(container) || expected.untouched.has(container.id));
    if (ready.length < wanted) {
      const state = own.map((one) => (one.health === 'none' ? one.state : one.health)).join(', ');
      waiting.push(`${service} (${state === '' ? 'no container' : state})`);
    }
  }
  return waiting;
}

async function brokenContainer(context: StageContext, container: ObservedContainer): Promise<HomeportError> {
  const health =
    container.health === 'unhealthy' ? `; its health check says: ${container.healthOutput.trim().slice(0, 500)}` : '';
  return notUp(
    `The container ${container.name} of the service ${container.service} ${troubleOf(container, 0) ?? 'restarted'}${health}.`,
    await containerLogs(context.host, [container], context.redact),
  );
}

function notUp(message: string, excerpt: string | undefined): HomeportError {
  return new HomeportError(message, {
    hint: 'Read its last log lines; a service that needs another one first waits for it with `depends_on: {condition: service_healthy}`.',
    exitCode: exitCodes.deploy,
    stage: 'start',
    ...(excerpt === undefined ? {} : { excerpt }),
  });
}

async function notReady(
  context: StageContext,
  containers: readonly ObservedContainer[],
  waiting: readonly string[],
  timeout: number,
): Promise<HomeportError> {
  const late = containers.filter((container) => !isReady(container));
  return new HomeportError(`Not ready after ${formatDuration(timeout / 1000)}: ${waiting.join(', ')}.`, {
    hint: 'Look at the health check of the service and its log lines; a slow start needs a larger `start-timeout`.',
    exitCode: exitCodes.deploy,
    excerpt: await containerLogs(context.host, late, context.redact),
  });
}
