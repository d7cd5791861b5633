import type { Report } from '../deployment/report.ts';
import { shortCommit } from './facts.ts';
import { cleanLine, cut } from './safe-text.ts';
import { verdictOf } from './verdict.ts';

export interface Annotation {
  readonly level: 'error' | 'warning' | 'notice';
  readonly title: string;
  readonly message: string;
}

// GitHub shows the first 10 of each level a step makes, and drops the others without a word.
const shownByGithub = 10;
const messageLength = 4000;

/** What stands at the top of the run's page: the verdict (an error, or a notice when all is well) and each warning. */
export function annotationsOf(report: Report): Annotation[] {
  const verdict = verdictOf(report);
  const title = cut(cleanLine(`${verdict.words}: ${report.project} ${shortCommit(report.commit)}`), 200);
  const lines = [
    report.error?.message ?? null,
    `Running now: ${verdict.running}`,
    verdict.next === null ? null : `Next step: ${verdict.next}`,
    ...(verdict.commands.length > 0 ? ['Run on the host:', ...verdict.commands] : []),
  ];
  const message = lines.filter((line) => line !== null).map(cleanLine);
  return [
    { level: report.status === 'success' ? 'notice' : 'error', title, message: cut(message.join('\n'), messageLength) },
    ...warningsOf(
      verdict.schemaMayBeAhead
        ? [
            'The database schema may be ahead of what runs: a migration was applied and not put back.',
            ...report.warnings,
          ]
        : report.warnings,
    ),
  ];
}

function warningsOf(warnings: readonly string[]): Annotation[] {
  const shown = warnings.length > shownByGithub ? warnings.slice(0, shownByGithub - 1) : warnings;
  const left = warnings.length - shown.length;
  const texts = left > 0 ? [...shown, `${left} more warnings are in the job summary and in the report.`] : shown;
  return texts.map((text) => ({ level: 'warning', title: 'Homeport', message: cut(cleanLine(text), messageLength) }));
}
