import { closeSync, openSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { momentOf, utcStamp } from './ids.ts';
import type { Places } from './places.ts';

/** What a deployment has for itself: its log file, and the moment that its ID tells. */
export interface Reserved {
  readonly at: Date;
  readonly log: string;
}

/**
 * Makes the log file of a deployment that begins at `from`, or in the first second after it that is nobody's: IDs and log
 * files tell seconds, and two deployments of the same commit that begin in one must not share a release. Releases are
 * told older from newer by their IDs: where the clock was put back, this one still comes after all that there are.
 * Throws what the disk says.
 */
export function reserve(places: Places, from: Date): Reserved {
  const newest = readdirSync(places.releases)
    .map(momentOf)
    .reduce((a, b) => Math.max(a, b), 0);
  for (let at = new Date(Math.max(from.getTime(), newest + 1000)); ; at = new Date(at.getTime() + 1000)) {
    const log = join(places.logs, `deployment_${utcStamp(at)}.log`);
    try {
      closeSync(openSync(log, 'wx', 0o600));
      return { at, log };
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
  }
}
