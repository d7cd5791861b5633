import { type FaultCase, type FaultName, faultNames, pick, randomOf } from './case.ts';
import { nameOf, type Point } from './journal-points.ts';
import type { Reference } from './lane-protocol.ts';
import { type Scenario, scenarios } from './scenarios.ts';
import { type CountedStop, type Moment, moments, type StopPoint } from './stop-spec.ts';

/** The undisturbed run of each scenario: what the points and their usual times are taken from. */
export type References = Readonly<Record<Scenario, Reference>>;

// Between two changes nothing is under way. The end of one is the time ahead of the next, but for what is lost then.
const faultsBetween: Readonly<Record<string, readonly FaultName[]>> = {
  ahead: ['kill'],
  end: ['power-loss'],
};
const threeMoments: readonly Moment[] = ['before', 'during', 'after'];

/** That two deployments exclude each other does not depend on the moment: one is enough. */
function faultsAround(moment: Moment): readonly FaultName[] {
  return faultNames.filter((fault) => fault !== 'rival' || moment === 'during');
}

/** Every point × moment × fault. */
export function allCases(references: References, seed: number): FaultCase[] {
  return places(references).flatMap(({ scenario, point }) =>
    moments.flatMap((moment) => {
      const faults = faultsBetween[moment] ?? faultsAround(moment);
      return faults.map((fault) => caseAt(scenario, point, moment, fault, seed));
    }),
  );
}

/** So many moments by the clock, each with some fault; the same ones for the same seed. */
export function randomCases(references: References, seed: number, count: number): FaultCase[] {
  return Array.from({ length: count }, (_, index): FaultCase => {
    const id = `random/${index + 1}`;
    const random = randomOf(seed, id);
    const scenario = random() < 0.6 ? 'deploy' : pick(random, scenarios);
    const fault = pick(random, faultNames);
    const afterMs = random() * references[scenario].ms;
    return { id, scenario, fault, at: { afterMs }, ...recoveryOf(fault, random), seed };
  });
}

/** A sample in which each point and each fault is there at least once, and then as much more as there is time for. */
export function sampledCases(references: References, seed: number): { always: FaultCase[]; more: FaultCase[] } {
  const random = randomOf(seed, 'sample');
  const spots = shuffled(places(references), random);
  const faults = shuffled([...faultNames], random);
  const always = Array.from({ length: Math.max(spots.length, faults.length) }, (_, index) => {
    const { scenario, point } = at(spots, index);
    return caseAt(scenario, point, at(threeMoments, index), at(faults, index), seed);
  });
  const taken = new Set(always.map(({ id }) => id));
  const others = [...allCases(references, seed), ...randomCases(references, seed, 40)];
  return { always, more: shuffled(others, random).filter(({ id }) => !taken.has(id)) };
}

/** All points, each in the first scenario that has it. */
function places(references: References): { scenario: Scenario; point: Point }[] {
  const known = new Set<string>();
  return scenarios.flatMap((scenario) =>
    references[scenario].points.flatMap((point) => {
      if (known.has(nameOf(point))) return [];
      known.add(nameOf(point));
      return [{ scenario, point }];
    }),
  );
}

export function caseAt(scenario: Scenario, point: Point, moment: Moment, fault: FaultName, seed: number): FaultCase {
  const id = `${scenario}/${nameOf(point)}/${moment}/${fault}`;
  const random = randomOf(seed, id);
  const { stage, action, occurrence, durationMs } = point;
  const delayMs = Math.round(durationMs * (0.15 + 0.7 * random()));
  const where: StopPoint = { stage, action, occurrence, moment, delayMs };
  return { id, scenario, fault, at: where, ...recoveryOf(fault, random), seed };
}

function recoveryOf(fault: FaultName, random: () => number): Pick<FaultCase, 'recovery' | 'second'> {
  const recovery = random() < 0.5 ? 'recover' : 'deploy';
  if (fault !== 'second-kill') return { recovery, second: null };
  // By the clock while it looks and changes; by the journal, of which a short recovery writes only an entry or two.
  if (random() < 0.5) return { recovery, second: { afterMs: 150 + random() * 2000 } };
  const moment: CountedStop['moment'] = random() < 0.5 ? 'unwritten' : 'durable';
  return { recovery, second: { entry: pick(random, [1, 1, 1, 2, 2, 3, 4]), moment } };
}

/** Kills in the middle of the changes that take longest: how long a recovery takes is measured by them. */
export function casesToTime(references: References, seed: number, count: number): FaultCase[] {
  const inner = references.deploy.points.filter(({ durationMs }) => durationMs < references.deploy.ms / 2);
  const longest = inner.sort((a, b) => b.durationMs - a.durationMs).slice(0, count);
  return longest.map((point) => ({ ...caseAt('deploy', point, 'during', 'kill', seed), recovery: 'recover' }));
}

function at<T>(list: readonly T[], index: number): T {
  const found = list[index % list.length];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

/** The same order for the same random numbers. */
export function shuffled<T>(list: readonly T[], random: () => number): T[] {
  const keys = new Map(list.map((one) => [one, random()]));
  return [...list].sort((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
}
