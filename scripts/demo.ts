import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Cleanup } from './demo/cleanup.ts';
import { deploy } from './demo/deploy.ts';
import { containerOf, removeProject } from './demo/docker.ts';
import { Guestbook } from './demo/guestbook.ts';
import { type Outcome, sayOutcome } from './demo/outcome.ts';
import { keptEntries, type Promised, passedItsGates, succeeded, wasRolledBack } from './demo/promises.ts';
import { clearResults, keepResults, sayResults, whereToRead } from './demo/results.ts';
import { say } from './demo/screen.ts';
import { abortOnSignals, StoppedError } from './demo/stop.ts';
import { askEntries, askVersion, Visitor } from './demo/visitor.ts';
import { ensureEngine } from './engine.ts';
import { ensureImages } from './images.ts';
import { findExecutable, messageOf } from './machine/commands.ts';
import { cacheFolder } from './machine/image-cache.ts';

/*
 * Deploys three versions of examples/guestbook on this machine's Docker engine while visitors use it: two good ones, and
 * one that is rolled back. All that it makes is removed again, but for demo-output/.
 */

interface Scene {
  guestbook: Guestbook;
  project: string;
  stateDirectory: string;
  visitor: Visitor;
  signal: AbortSignal;
}

const names = ['v1', 'v2', 'v3'] as const;
type Name = (typeof names)[number];

const step = (text: string): void => say(`  ${text}`, 'soft');

async function demo(cleanup: Cleanup, signal: AbortSignal): Promise<void> {
  await clearResults();
  const scene = await prepare(cleanup, signal);
  const { guestbook, visitor } = scene;

  const first = await release(scene, 'v1', 'Version 1: the first deployment, so there is nothing to back up yet');
  const promised = keep('v1', succeeded(first, await guestbook.version()));

  await guestbook.change('v2', 'Let visitors say how they feel');
  const second = await release(scene, 'v2', 'Version 2: entries get a mood, for which the database is migrated');
  promised.push(...keep('v2', [...succeeded(second, await guestbook.version()), ...passedItsGates(second)]));

  await guestbook.change('v3', 'Show the house rules');
  const third = await release(scene, 'v3', 'Version 3: passes its tests and starts, but is broken; this is to fail');
  await visitor.stop();
  const found = await askEntries(guestbook.url);
  promised.push(...keep('v3', wasRolledBack(third, second)));
  promised.push(...keep('v3', keptEntries({ signed: visitor.signed, ofFirst: first.visits.signed, found })));

  say('\nWhat Homeport promised, and what was seen', 'strong');
  for (const { sentence } of promised) say(`  ✔ ${sentence}`, 'good');
  sayResults(names);
}

async function prepare(cleanup: Cleanup, signal: AbortSignal): Promise<Scene> {
  say('Homeport demo: three versions of a guestbook on the Docker engine of this machine', 'strong');
  if ((await findExecutable('git')) === undefined) throw new Error('git is missing: please install it.');
  const engine = await ensureEngine(step);
  cleanup.add('the Docker engine that was started', () => engine.stop());
  signal.throwIfAborted();
  const images = await ensureImages(['node:24-slim'], step);
  cleanup.add('the base images', () => images.remove());
  if (images.made.length > 0) step(`It is removed at the end. Images that were made are kept in ${cacheFolder()}.`);
  signal.throwIfAborted();

  const folder = await mkdtemp(join(tmpdir(), 'homeport-demo-'));
  cleanup.add(folder, () => rm(folder, { recursive: true, force: true }));
  const project = `guestbook-demo-${randomBytes(3).toString('hex')}`;
  cleanup.add(`what Docker has of ${project}`, () => removeProject(project));
  const guestbook = await Guestbook.create(join(folder, 'guestbook'));
  const visitor = new Visitor(guestbook.url);
  visitor.start();
  cleanup.add('the visitors', () => visitor.stop());
  step(`A copy of examples/guestbook is deployed as ${project}; visitors ask ${guestbook.url} all the while.`);
  return { guestbook, project, stateDirectory: join(folder, 'state'), visitor, signal };
}

/** Deploys what is committed, and tells how that went and what runs now. */
async function release(scene: Scene, name: Name, title: string): Promise<Outcome> {
  const { guestbook, project, visitor } = scene;
  say(`\n${title}`, 'strong');
  visitor.take();
  const deployed = await deploy({ ...scene, folder: guestbook.folder });
  const visits = visitor.take();
  await keepResults(name, deployed.report);
  const [running, version] = await Promise.all([containerOf(project, 'web'), askVersion(guestbook.url)]).catch(
    (error: unknown) => {
      const { status, exit_code, error: reason } = deployed.report;
      const why = reason === null ? messageOf(error) : `${reason.message} ${reason.hint}`;
      throw new Error(`Nothing runs after ${name} (${status}, exit code ${exit_code}). ${why}\n${whereToRead(name)}`);
    },
  );
  const outcome = { ...deployed, visits, running, version };
  sayOutcome(outcome);
  return outcome;
}

/** Gives the promises back when all of them are kept, and throws otherwise. */
function keep(name: Name, promised: readonly Promised[]): Promised[] {
  const broken = promised.filter(({ isKept }) => !isKept);
  if (broken.length === 0) return [...promised];
  const lines = broken.map(({ sentence, saw }) => `Promised: ${sentence}. Seen: ${saw}.`);
  throw new Error([...lines, whereToRead(name)].join('\n'));
}

const cleanup = new Cleanup();
const signal = abortOnSignals(
  () => say('\nStopping, and cleaning up; this takes a moment.', 'warning'),
  () => say('Still cleaning up; please wait for it.', 'warning'),
);
try {
  await demo(cleanup, signal);
} catch (error) {
  // What was under way when the signal came fails for that reason alone.
  const cause: unknown = signal.aborted ? signal.reason : error;
  const wasStopped = cause instanceof StoppedError;
  say(`\n${wasStopped ? '' : 'The demo failed. '}${messageOf(cause)}`, wasStopped ? 'warning' : 'bad');
  process.exitCode = wasStopped ? cause.exitCode : 1;
}
const { hasUndone, isClean } = await cleanup.run((line) => say(line, 'bad'));
if (!isClean) process.exitCode ??= 1;
else if (hasUndone) say("\nCleaned up. Still here: demo-output/, and Docker's build cache.", 'soft');
