import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import { composePath, type Release, readEnvironment } from '../deployment/release.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { printable } from '../hosts/printable.ts';
import { removeContainer } from '../platforms/compose/bring-up.ts';
import { awaitEngine, longestRestart } from '../platforms/compose/engine.ts';
import { observe } from '../platforms/compose/observe.ts';
import { awaitStopping } from '../platforms/compose/stopping.ts';
import { awaitReady } from '../platforms/compose/watch.ts';
import { forgetMigration } from './forget-migration.ts';
import { putDatabasesBack } from './restore-databases.ts';
import { recordedSmoke, smokeRelease } from './smoke.ts';
import { expectationOf, unchangedSince } from './start.ts';
import { startPatiently } from './start-patiently.ts';

/** The way back: exactly the release that was good and running before, then its own smoke checks. */
export function rollbackStage(): Stage {
  return {
    name: 'rollback',
    needs: [],
    intent: 'on failure, bring back exactly what ran before and check that it works',
    exitCode: exitCodes.critical,
    run: async (context) => {
      await awaitEngine(context.host, longestRestart);
      await Promise.all([
        forgetMigration(context).catch((error: unknown) => context.warn(messageOf(error))),
        awaitStopping(context),
      ]);
      const before = context.facts.snapshot?.release ?? null;
      if (before === null) await removeFirst(context);
      else await goBack(context, before);
    },
    needed: isDisturbed,
  };
}

/** Milliseconds; it answers only once it has started its containers again, those that are meant to be. */
const longestReturn = 3000;

/** Whether something that ran before doesn't any more, though no stage has touched it: the engine was killed, say. */
async function isDisturbed({ host, facts }: StageContext): Promise<boolean> {
  const ran = (facts.snapshot?.containers ?? []).filter(({ state }) => state === 'running');
  if (ran.length === 0 || !(await awaitEngine(host, longestRestart))) return false;
  const deadline = performance.now() + longestReturn;
  for (;;) {
    const now = await observe(host, facts.project);
    const missing = ran.filter(({ id }) => !now.some((one) => one.id === id && one.state === 'running'));
    if (missing.length === 0) return false;
    // What was removed by somebody won't come back by itself.
    if (missing.some(({ id }) => !now.some((one) => one.id === id)) || performance.now() > deadline) return true;
    await sleep(500);
  }
}

async function goBack(context: StageContext, release: Release): Promise<void> {
  const { facts, host, places } = context;
  const failed = facts.release;
  context.say(`going back to ${release.id}${release.commit === null ? '' : ` (${release.commit.slice(0, 7)})`}`);
  facts.environment = await readEnvironment(host.files, places, release.id);
  const others = failed === undefined || failed.id === release.id ? [] : [failed];
  try {
    await putDatabasesBack(context, release, others);
    await context.change('up', 'back', () => startPatiently(context, release, others));
    // What ran through the whole deployment is as it was: whatever ails it was there before.
    const untouched = unchangedSince(facts.snapshot?.containers ?? [], await observe(host, facts.project));
    const expected = expectationOf(release, { ...facts, untouched });
    await context.during(() => awaitReady(context, expected, context.request['start-timeout']));
    await smokeRelease(context, { ...recordedSmoke(context, release), expected, release });
    proveRestored(release, await observe(host, facts.project));
    await pointBack(context, release);
  } catch (error) {
    throw await critical(context, release, error);
  }
}

/** `current` has moved where the deployment failed in the middle of its promotion. */
async function pointBack(context: StageContext, release: Release): Promise<void> {
  const { host, places } = context;
  const target = `releases/${release.id}`;
  if ((await host.files.readLink(places.current)) === target) return;
  await context.change('point', 'back', () => host.files.link(places.current, target));
}

/** The verdict comes from what is seen: each running container has the recorded image. */
function proveRestored(
  release: Release,
  containers: readonly { service: string; imageId: string; name: string }[],
): void {
  for (const container of containers) {
    const recorded = release.services[container.service];
    if (recorded === undefined || recorded.image_id === container.imageId) continue;
    throw new HomeportError(`The container ${container.name} does not run the recorded image of ${release.id}.`, {
      hint: 'Somebody started it by hand meanwhile.',
    });
  }
}

/** For the person who is woken up: what is seen now, and the commands. */
async function critical(context: StageContext, release: Release, error: unknown): Promise<HomeportError> {
  const { facts, host, places } = context;
  const compose = ['docker', 'compose', '-p', facts.project];
  const seen = await observe(host, facts.project).catch(() => null);
  facts.details = {
    ...facts.details,
    seen: seen?.map(
      (one) =>
        `${one.name}: ${one.state}${one.health === 'none' ? '' : `, ${one.health}`}, image ${one.imageId.slice(7, 19)}`,
    ) ?? ['The Docker engine did not answer.'],
    commands: [
      [...compose, 'ps', '--all'],
      [...compose, 'logs', '--tail', '100'],
      [...compose, '-f', composePath(places, release.id), 'up', '--detach', '--no-build'],
    ].map(printable),
  };
  const known = error instanceof HomeportError;
  return new HomeportError(`CRITICAL: the rollback to ${release.id} failed too: ${messageOf(error)}`, {
    hint: `${known ? `${error.hint} ` : ''}Look at what is seen on the host, and bring the release back by hand with the commands in this report.`,
    exitCode: exitCodes.critical,
    ...(known && error.excerpt !== undefined ? { excerpt: error.excerpt } : {}),
    cause: error,
  });
}

/** A first deployment has nothing to go back to: what it started goes, its volumes stay. */
async function removeFirst(context: StageContext): Promise<void> {
  const { facts, host } = context;
  const existed = new Set(facts.snapshot?.containers.map((container) => container.id) ?? []);
  const started = (await observe(host, facts.project)).filter((container) => !existed.has(container.id));
  await context.change('remove', 'back', async () => {
    await forgetCurrent(context);
    for (const container of started) await removeContainer(context, container);
    for (const network of await ownNetworks(context)) {
      // A network that was there before or is in use stays: the engine refuses, and that is right.
      await host.exec(['docker', 'network', 'rm', network], { timeout: 30_000, changes: true, record: false });
    }
  });
}

/** A first deployment that failed in the middle of its promotion has moved `current`. */
async function forgetCurrent({ host, facts, places }: StageContext): Promise<void> {
  const target = facts.release === undefined ? null : `releases/${facts.release.id}`;
  if (target !== null && (await host.files.readLink(places.current)) === target)
    await host.files.remove(places.current);
}

async function ownNetworks(context: StageContext): Promise<string[]> {
  const told = await context.host.exec(
    ['docker', 'network', 'ls', '--quiet', '--filter', `label=com.docker.compose.project=${context.facts.project}`],
    { timeout: 30_000, record: false },
  );
  return told.stdout.split('\n').filter((id) => id !== '');
}
