import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { formatDuration } from '../src/request/units.ts';
import { Cleanup } from './demo/cleanup.ts';
import { type Deployed, deploy } from './demo/deploy.ts';
import { containerOf, removeProject } from './demo/docker.ts';
import { Guestbook } from './demo/guestbook.ts';
import {
  keptEntries,
  type Outcome,
  type Promised,
  passedItsGates,
  succeeded,
  wasRolledBack,
} from './demo/promises.ts';
import { keepResults, sayResults } from './demo/results.ts';
import { say, sayFact } from './demo/screen.ts';
import { abortOnSignals, StoppedError } from './demo/stop.ts';
import { askEntries, askVersion, Visitor, type Visits } from './demo/visitor.ts';
import { ensureEngine } from './engine.ts';
import { ensureImages } from './images.ts';
import { findExecutable, messageOf } from './machine/commands.ts';

/*
 * Deploys three versions of examples/guestbook on this machine's Docker engine while visitors use it: two good ones and
 * one that is rolled back. Everything it makes is removed again, but for demo-output/.
 */

interface Scene {
  guestbook: Guestbook;
  project: string;
  stateDirectory: string;
  visitor: Visitor;
  signal: AbortSignal;
}

const step = (text: string): void => say(`  ${text}`, 'soft');

async function demo(cleanup: Cleanup, signal: AbortSignal): Promise<void> {
  const scene = await prepare(cleanup, signal);
  const { guestbook, visitor } = scene;
  visitor.start();
  cleanup.add('the visitors', () => visitor.stop());

  const first = await act(scene, 'v1', 'Version 1: the first deployment, so there is nothing to back up yet');
  check(succeeded(first, await guestbook.version()));
  await guestbook.change('v2', 'Let visitors say how they feel');
  const second = await act(scene, 'v2', 'Version 2: each entry gets a mood, which needs a migration of the database');
  check([...succeeded(second, await guestbook.version()), ...passedItsGates(second)]);
  await guestbook.change('v3', 'Show the house rules');
  const third = await act(scene, 'v3', 'Version 3: passes its tests and starts, but is broken. It is meant to fail');
  await visitor.stop();
  const entries = keptEntries(visitor.signed, await askEntries(guestbook.url));

  say('');
  say('What was promised, and seen', 'strong');
  check([...wasRolledBack(third, second), ...entries]);
  sayResults(['v1', 'v2', 'v3']);
}
