import { join } from 'node:path';
import { messageOf } from '../../scripts/machine/commands.ts';
import type { References } from './cases.ts';
import { sourceEntries } from './entries.ts';
import type { LaneProcess } from './lane-process.ts';
import { casesAgainst, type Mutant, makeMutant, mutants } from './mutants.ts';

export interface Caught {
  readonly name: string;
  /** The case that noticed, and what it saw; `null` when the mutant survived. */
  readonly caughtBy: string | null;
}

/** Tries every mutant until one of its cases notices it. `folder` takes the copies of the source. */
export async function catchMutants(
  lanes: readonly LaneProcess[],
  options: { source: string; folder: string; references: References; seed: number; say: (line: string) => void },
): Promise<Caught[]> {
  const left = mutants.map((mutant, index) => {
    // All are made before the first is tried: a text that has changed is told at once.
    const source = makeMutant(mutant, options.source, join(options.folder, `mutant-${index + 1}`));
    return { mutant, source };
  });
  const caught: Caught[] = [];
  const work = async (lane: LaneProcess): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const caughtBy = await tryMutant(lane, next.mutant, next.source, options);
      options.say(
        `${caughtBy === null ? 'WRONG' : 'ok   '} mutant: ${next.mutant.name}: ${caughtBy === null ? 'survived' : `caught by ${caughtBy}`}`,
      );
      caught.push({ name: next.mutant.name, caughtBy });
    }
  };
  await Promise.all(lanes.map(work));
  return caught;
}

async function tryMutant(
  lane: LaneProcess,
  mutant: Mutant,
  source: string,
  options: { references: References; seed: number },
): Promise<string | null> {
  for (const one of casesAgainst(mutant, options.references, options.seed)) {
    try {
      const { problems } = await lane.perform(one, sourceEntries(source));
      if (problems.length > 0) return `${one.id}: ${problems[0]}`;
    } catch (error) {
      return `${one.id}, after which nothing could go on: ${messageOf(error).split('\n')[0]}`;
    }
  }
  return null;
}
