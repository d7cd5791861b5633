import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { LaneState } from './lane-state.ts';
import { leftovers } from './leftovers.ts';
import { type Observed, observeProject } from './observed.ts';
import { ask } from './project/postgres.ts';
import { differencesFrom } from './release-check.ts';
import type { Version } from './small-project.ts';
import { type Interrupted, untruths } from './truth.ts';

// A container that was just started again may need a moment; what does not settle by then is wrong.
const settleMs = 8000;

export interface Judgement {
  readonly ended: 'old' | 'new' | 'unknown';
  readonly problems: readonly string[];
}

export interface Question {
  readonly old: Version;
  readonly fresh: Version;
  readonly interrupted: Interrupted;
  /** Rows that the service said are committed. */
  readonly committed: readonly string[];
  readonly before: Observed;
}

/** Exactly the old release runs or exactly the new one, no row is lost, nothing is left, and all reports are true. */
export async function judge(lane: LaneState, question: Question): Promise<Judgement> {
  return await settled(
    async () => {
      const { stage, engine } = lane;
      const { old, fresh, interrupted, committed, before } = question;
      const seen = await observeProject(stage, engine);
      const [fromOld, fromNew] = await Promise.all([
        differencesFrom(stage, seen, old),
        differencesFrom(stage, seen, fresh),
      ]);
      const ended = fromOld.length === 0 ? 'old' : fromNew.length === 0 ? 'new' : 'unknown';
      if (ended === 'unknown') {
        const nearer = seen.current?.commit === fresh.commit ? fromNew : fromOld;
        const which = nearer === fromNew ? 'new' : 'old';
        return { ended, problems: nearer.map((problem) => `not exactly the ${which} release: ${problem}`) };
      }
      const replaced = seen.containers.some(({ id }) => !before.containers.some((one) => one.id === id));
      const problems = [
        ...(await lostRows(seen, committed)),
        ...(await leftovers(stage, engine, seen)),
        ...untruths(stage, interrupted, ended, replaced),
      ];
      if (fresh.broken !== 'none' && ended === 'new') problems.push('a release that is broken was called good');
      return { ended, problems };
    },
    ({ problems }) => problems.length === 0,
  );
}

export interface NewJudgement {
  readonly problems: readonly string[];
  readonly seen: Observed;
}

/** Exactly this version runs, no row is lost, nothing is left. */
export async function judgeNew(lane: LaneState, version: Version, committed: readonly string[]): Promise<NewJudgement> {
  const { stage, engine } = lane;
  return await settled(
    async () => {
      const seen = await observeProject(stage, engine);
      const problems = [
        ...(await differencesFrom(stage, seen, version)),
        ...(await lostRows(seen, committed)),
        ...(await leftovers(stage, engine, seen)),
      ];
      return { problems, seen };
    },
    ({ problems }) => problems.length === 0,
  );
}

/** How the interrupted deployment ended, when the next one recovered it: by the release that this one found. */
export function judgeInterrupted(
  lane: LaneState,
  nextOutput: string,
  question: Pick<Question, 'old' | 'fresh' | 'interrupted'>,
): Judgement {
  const { old, fresh, interrupted } = question;
  const root = join(lane.stage.state, lane.stage.project);
  const path = /^report: (\/.+)$/m.exec(nextOutput)?.[1];
  const previous = path === undefined ? undefined : readJson(path, nextReport)?.previous_release;
  if (typeof previous !== 'string')
    return { ended: 'unknown', problems: ['the next deployment found no release before it'] };
  const commit = readJson(join(root, 'releases', previous, 'release.json'), recorded)?.commit;
  const ended = commit === fresh.commit ? 'new' : commit === old.commit ? 'old' : 'unknown';
  if (ended === 'unknown')
    return { ended, problems: [`the next deployment found ${previous}: neither the old nor the new one`] };
  return { ended, problems: untruths(lane.stage, interrupted, ended, false) };
}

const nextReport = z.object({ previous_release: z.string().nullable() });
const recorded = z.object({ commit: z.string() });

function readJson<T>(path: string, schema: z.ZodType<T>): T | null {
  try {
    return schema.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    // Half a file is complained about elsewhere.
    return null;
  }
}

/** Asks again until there is nothing to complain about, or it took too long. */
async function settled<T>(look: () => Promise<T>, isGood: (seen: T) => boolean): Promise<T> {
  const end = performance.now() + settleMs;
  for (;;) {
    const seen = await look();
    if (isGood(seen) || performance.now() > end) return seen;
    await sleep(200);
  }
}

async function lostRows(seen: Observed, committed: readonly string[]): Promise<string[]> {
  if (committed.length === 0) return [];
  const address = seen.containers.find(({ service }) => service === 'db')?.address ?? '';
  const run = committed[0]?.replace(/-\d+$/, '') ?? '';
  const sql = `SELECT id FROM rows WHERE id LIKE '${run}-%'`;
  try {
    const rows = await ask({ host: address, port: 5432, database: 'app' }, sql, 5000);
    const there = new Set(rows.map(([id]) => id));
    const lost = committed.filter((id) => !there.has(id));
    return lost.length === 0 ? [] : [`${lost.length} of ${committed.length} committed rows are lost, first ${lost[0]}`];
  } catch (error) {
    return [`the rows can't be read: ${error instanceof Error ? error.message : error}`];
  }
}
