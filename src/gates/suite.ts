import { HomeportError } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import type { TestReport } from '../deployment/report.ts';
import type { StageContext } from '../deployment/stage.ts';
import type { ExecResult } from '../hosts/host.ts';
import { userCommand } from '../hosts/user-command.ts';
import type { TestSuite } from '../request/schema.ts';
import { formatDuration } from '../request/units.ts';
import type { TestFigures } from './junit.ts';
import type { TestReports } from './test-reports.ts';

/** Characters that people are shown of a failing test. */
const longestName = 160;
const longestMessage = 240;

/**
 * Runs one suite in the checkout, with the secrets in its environment. Throws `HomeportError` when it fails or takes
 * longer than it may: with the end of what it printed, and the names of the failing tests where it wrote a report.
 */
export async function runSuite(context: StageContext, suite: TestSuite, reports: TestReports | null): Promise<void> {
  const { workingDirectory } = known(context.facts.source, 'source');
  const remaining = context.remaining();
  const own = suite.timeout !== undefined && suite.timeout < remaining ? suite.timeout : null;
  const result = await context.host.exec(userCommand(suite.command), {
    cwd: workingDirectory,
    env: { ...context.request.secrets, PWD: workingDirectory },
    timeout: own ?? remaining,
    signal: context.signal,
    onLine: (line) => context.say(line),
  });
  const status = result.outcome === 'success' ? 'success' : result.outcome === 'cancelled' ? 'cancelled' : 'failed';
  const entry: TestReport = { name: suite.name, status, duration_seconds: result.durationMs / 1000 };
  context.facts.changes.tests.push(entry);
  context.signal.throwIfAborted();
  const figures = (await reports?.ofSuite(result.startedAt)) ?? null;
  if (figures !== null) {
    const { tests, failures, skipped } = figures;
    entry.counts = { tests, failures, skipped };
    if (failures > 0) entry.failing = failingOf(figures, context);
  }
  if (result.outcome === 'success') {
    passed(context, entry, result);
    return;
  }
  if (reports !== null && figures === null) {
    context.warn(`The suite \`${suite.name}\` wrote no test report that could be read: see its output instead.`);
  }
  throw failed(suite, result, entry, own);
}

function passed(context: StageContext, { name, counts }: TestReport, result: ExecResult): void {
  const many = counts === undefined ? '' : ` (${counts.tests} tests, ${counts.skipped} skipped)`;
  context.say(`${name}: passed in ${formatDuration(result.durationMs / 1000)}${many}`);
  if (counts === undefined || counts.failures === 0) return;
  context.warn(
    `The suite \`${name}\` ended with exit code 0, though its report names ${counts.failures} failing ${counts.failures === 1 ? 'test' : 'tests'}.`,
  );
}

/** `ownLimit`: milliseconds of the suite's own time-out, where that came before the deployment's. */
function failed(suite: TestSuite, result: ExecResult, entry: TestReport, ownLimit: number | null): HomeportError {
  const how =
    result.outcome !== 'timeout'
      ? `failed with exit code ${result.exitCode}`
      : ownLimit === null
        ? 'did not end in time'
        : `did not end within ${formatDuration(ownLimit / 1000)} (their own \`timeout\`) and were stopped`;
  const list = listOf(entry);
  return new HomeportError(`The tests \`${suite.name}\` ${how}.`, {
    hint: `Run \`${suite.command.split('\n')[0]}\` in the checkout to see the same.`,
    excerpt: [result.tail, ...(list === null ? [] : [list])].filter((part) => part !== '').join('\n\n'),
  });
}

function listOf({ counts, failing }: TestReport): string | null {
  if (counts === undefined || failing === undefined) return null;
  const left = counts.failures - failing.length;
  return [
    `${counts.failures} of ${counts.tests} tests failed:`,
    ...failing.map(({ name, message }) => `- ${name}${message === '' ? '' : `: ${message}`}`),
    ...(left > 0 ? [`… and ${left} more`] : []),
  ].join('\n');
}

function failingOf({ failing }: TestFigures, { redact }: StageContext): NonNullable<TestReport['failing']> {
  return failing.map(({ name, message }) => ({
    name: inOneLine(redact(name), longestName, redact),
    message: inOneLine(redact(message), longestMessage, redact),
  }));
}

/** Redacted once more: a secret may only be whole where the line ends are gone. */
function inOneLine(text: string, longest: number, redact: (text: string) => string): string {
  const line = redact(text.replace(/\s+/g, ' ').trim());
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
