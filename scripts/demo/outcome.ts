import type { Report } from '../../src/deployment/report.ts';
import { coverageWords, verifiedWords } from '../../src/reporters/facts.ts';
import { formatDuration } from '../../src/request/units.ts';
import type { Deployed } from './deploy.ts';
import type { RunningContainer } from './docker.ts';
import { say, sayFact } from './screen.ts';
import type { Visits } from './visitor.ts';

/** How the deployment of one version went, and what was seen on the machine right after it. */
export interface Outcome extends Deployed {
  running: RunningContainer;
  /** What answered over HTTP. */
  version: string;
  visits: Visits;
}

export function sayOutcome({ exitCode, report, running, version, visits }: Outcome): void {
  const image = running.imageId.replace('sha256:', '').slice(0, 12);
  const tone = report.status === 'success' ? 'good' : 'warning';
  const status = report.status.replace('_', ' ');
  say(`  = ${status}, exit code ${exitCode}, ${formatDuration(report.duration_seconds)}`, tone);
  sayFact('running now', `version ${version}, image ${image}, container ${running.id.slice(0, 12)}, ${running.state}`);
  sayFact('gates', gatesOf(report));
  sayFact('requests', requestsOf(visits));
  const bad =
    report.status === 'rolled_back' ? [...visits.answered.keys()].find((name) => name !== version) : undefined;
  if (bad !== undefined) {
    sayFact('', `${bad} answered visitors until its checks had failed: \`recreate\` has no other place to check it in`);
  }
  if (visits.failed > 0) {
    sayFact('', `${visits.failed} failed: \`recreate\` stops the old container before it starts the new one,`);
    sayFact('', `so nobody answered for up to ${formatDuration(visits.longestSilence)} at a time`);
  }
}

function gatesOf({ coverage, backups }: Report): string {
  const [backup] = backups;
  const kept =
    backup === undefined ? 'nothing to back up yet' : `backup of ${backup.rows} rows ${verifiedWords(backup)}`;
  return coverage === null ? kept : `tests cover ${coverageWords(coverage)}; ${kept}`;
}

function requestsOf({ answered, signed }: Visits): string {
  const total = [...answered.values()].reduce((sum, count) => sum + count, 0);
  const versions = [...answered].map(([version, count]) => `${count} by ${version}`).join(', ');
  return `${total} answered${versions && ` (${versions})`}; ${signed} ${signed === 1 ? 'entry' : 'entries'} signed`;
}
