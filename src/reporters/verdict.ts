import { z } from 'zod';
import { exitCodes } from '../deployment/error.ts';
import type { Report } from '../deployment/report.ts';

export interface Verdict {
  readonly tone: 'good' | 'warning' | 'bad' | 'critical';
  readonly icon: string;
  /** `Deployment failed, rolled back` */
  readonly words: string;
  /** What runs now, as a sentence. */
  readonly running: string;
  /** `null` when all is well. */
  readonly next: string | null;
  /** CRITICAL only: what was seen on the host, and what a person runs there. */
  readonly seen: readonly string[];
  readonly commands: readonly string[];
  readonly schemaMayBeAhead: boolean;
}

/** The keys of `details` that reporters understand; a key that isn't there or reads otherwise is as if absent. */
const detailsSchema = z.object({
  critical: z.boolean().catch(false),
  schema_may_be_ahead: z.boolean().catch(false),
  running: z.string().nullable().catch(null),
  seen: z.array(z.string()).catch([]),
  commands: z.array(z.string()).catch([]),
});

const nouns: Readonly<Record<string, string>> = {
  deploy: 'Deployment',
  rollback: 'Rollback',
  backup: 'Backup',
  restore: 'Restore',
};

/** `Deployment`, `Rollback`, `Backup` or `Restore`. */
export function nounOf(report: Report): string {
  return nouns[report.command] ?? 'Deployment';
}

export function isCritical(report: Report): boolean {
  return report.exit_code === exitCodes.critical || detailsSchema.parse(report.details).critical;
}

/** What the report comes down to for a person. Texts are as they are in the report: not escaped, not cut. */
export function verdictOf(report: Report): Verdict {
  const details = detailsSchema.parse(report.details);
  const critical = isCritical(report);
  return {
    ...faceOf(report, critical),
    running: details.running ?? runningOf(report, critical),
    next: report.status === 'success' ? null : (report.error?.hint ?? (critical ? handsOn : null)),
    seen: critical ? details.seen : [],
    commands: critical ? (details.commands.length > 0 ? details.commands : rescueCommands(report)) : [],
    schemaMayBeAhead: details.schema_may_be_ahead,
  };
}

const handsOn = 'Look at what runs on the host, and bring it back by hand with the commands below.';

function faceOf(report: Report, critical: boolean): Pick<Verdict, 'tone' | 'icon' | 'words'> {
  const noun = nounOf(report);
  if (critical) return { tone: 'critical', icon: '🚨', words: 'CRITICAL: the rollback failed too, a person is needed' };
  switch (report.status) {
    case 'success':
      return { tone: 'good', icon: '✅', words: `${noun} successful` };
    case 'partial_success':
      return { tone: 'warning', icon: '⚠️', words: 'Partial success, some targets only' };
    case 'rolled_back':
      return { tone: 'warning', icon: '⚠️', words: `${noun} failed, rolled back` };
    case 'aborted':
      return { tone: 'bad', icon: '🛑', words: `${noun} aborted` };
    case 'failed':
      return { tone: 'bad', icon: '❌', words: `${noun} failed` };
  }
}

function runningOf(report: Report, critical: boolean): string {
  if (critical) return 'Unknown. Neither the new release nor the old one was seen running as it should.';
  const old = report.previous_release;
  if (report.status === 'success') {
    if (report.command === 'backup') return 'What ran before: a backup changes nothing.';
    if (report.command === 'restore') return 'What ran before, on the restored database.';
    return report.release === null ? 'The new release.' : `The release ${report.release}.`;
  }
  if (report.status === 'partial_success') {
    return `The new release on ${report.systems_deployed.join(', ')}; the other targets as each stage says.`;
  }
  if (report.status === 'rolled_back') return old === null ? 'What ran before.' : `The old release ${old}, restored.`;
  const began = hasRun(report, 'start');
  if (report.details.left_running === true) return 'The release that failed: it was not rolled back.';
  // A deployment that recreated nothing has nothing to go back from, though it began to start.
  if (old !== null) return `The old release ${old}${hasRun(report, 'rollback') ? '' : ', untouched'}.`;
  if (report.command !== 'deploy') return 'What ran before.';
  // Whether anything ran is known from the snapshot on.
  if (!hasRun(report, 'snapshot')) return 'What ran before: nothing was touched.';
  return began
    ? 'Nothing: this was the first deployment, and what it had started was stopped and removed (volumes stay).'
    : 'Nothing: this was the first deployment, and it had not started anything yet.';
}

function hasRun(report: Report, stage: string): boolean {
  return report.stages.some(({ name, status }) => name === stage && status !== 'pending' && status !== 'skipped');
}

function rescueCommands(report: Report): string[] {
  const project = shellWord(report.project);
  const commands = [
    `docker ps --all --filter label=com.docker.compose.project=${project}`,
    `homeport status --project ${project}`,
    `homeport recover --project ${project}`,
  ];
  if (report.previous_release !== null) {
    commands.push(`homeport rollback --project ${project} --to ${shellWord(report.previous_release)}`);
  }
  return commands;
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
