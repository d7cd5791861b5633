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
  sayFact('requests', requestsOf(visits));
  if (visits.failed > 0) {
    sayFact('', `${visits.failed} failed: \`recreate\` stops the old container before it starts the new one,`);
    sayFact('', `so nobody answered for up to ${formatDuration(visits.longestSilence)} at a time`);
  }
}

function requestsOf({ answered, signed }: Visits): string {
  const versions = [...answered].map(([version, count]) => `${count} by ${version}`).join(', ');
  return `${versions || 'none'} answered; ${signed} ${signed === 1 ? 'entry' : 'entries'} signed`;
}
