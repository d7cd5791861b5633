import type { Host } from '../hosts/host.ts';
import type { Request } from '../request/schema.ts';
import type { BusyClock } from './busy-clock.ts';
import type { Facts } from './facts.ts';
import type { Journal } from './journal.ts';
import type { Places } from './places.ts';
import type { Recorder } from './recorder.ts';
import type { StageReport } from './report.ts';
import type { Stage, StageContext } from './stage.ts';
import { undoOf } from './undo.ts';

/** What all stages of one deployment work with. */
export interface Workplace {
  readonly request: Request;
  readonly facts: Facts;
  readonly places: Places;
  readonly host: Host;
  readonly journal: Journal;
  readonly recorder: Recorder;
  readonly clock: BusyClock;
}

/** How long a stage may take, and what it does when its intents can't be written. */
export interface Terms {
  readonly signal: AbortSignal;
  /** Milliseconds of the monotonic clock (`performance.now`): the time of day may jump. */
  readonly until: number;
  /** The way back goes on though the disk is full; every other change is not made then. */
  readonly wayBack: boolean;
}

export function contextOf(work: Workplace, stage: Stage, report: StageReport, terms: Terms): StageContext {
  const { recorder, facts, journal } = work;
  const record = terms.wayBack ? journal.recordIfPossible.bind(journal) : journal.record.bind(journal);
  return {
    request: work.request,
    facts,
    places: work.places,
    host: recorder.hostOf(work.host, report),
    change: (action, recovery, make, more) =>
      record({ stage: stage.name, action, recovery, undo: { ...undoOf(facts), ...more } }, make),
    signal: terms.signal,
    remaining: () => Math.max(1, terms.until - performance.now()),
    say: (line) => recorder.say(stage.name, line),
    warn: (text) => recorder.warn(stage.name, text),
    redact: (text) => recorder.redact(text),
    hide: (secrets) => recorder.hide(secrets),
    during: (make) => work.clock.during(make),
  };
}

/** The way back has its own time: what stopped the deployment must not stop it. */
export function termsOfTheWayBack(request: Request): Terms {
  const time = 2 * request['start-timeout'] + 180_000 + request['startup-wait'];
  return { signal: new AbortController().signal, until: performance.now() + time, wayBack: true };
}
