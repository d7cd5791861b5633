import { formatPercent, judgeCoverage } from '../coverage/gate.ts';
import { measureCoverage } from '../coverage/measure.ts';
import { exitCodes } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import { coverageOfRelease } from '../deployment/last-coverage.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { gateBudgets } from '../gates/budget.ts';
import { runSuite } from '../gates/suite.ts';
import { TestReports } from '../gates/test-reports.ts';
import type { Request } from '../request/schema.ts';

/** The gates: the user's tests in their order, then coverage, then budgets. */
export function testStage(request: Request): Stage {
  const names = request.tests.map(({ name }) => name);
  const minimum = request['coverage-minimum'];
  const budgets = request.budgets.map(({ name }) => name);
  const nothing = names.length === 0 && minimum === undefined && budgets.length === 0;
  const skip = request['skip-tests']
    ? '`skip-tests: true`'
    : nothing
      ? 'no `tests`, no `coverage-minimum`, no `budgets`'
      : undefined;
  const intent = [
    `run ${names.join(', ') || 'no tests'}`,
    ...(minimum === undefined ? [] : [`coverage of ${minimum} % or more`]),
    ...(budgets.length === 0 ? [] : [`budgets ${budgets.join(', ')}`]),
  ];
  return {
    name: 'test',
    needs: ['snapshot'],
    intent: intent.join('; '),
    ...(skip === undefined ? {} : { skip }),
    exitCode: exitCodes.gate,
    run: async (context) => {
      const begin = new Date();
      await runSuites(context);
      if (minimum !== undefined || (names.length > 0 && !isAuto(request))) await gateCoverage(context, begin);
      await gateBudgets(context, request.budgets);
    },
  };
}

/** `auto` without a minimum asks for nothing. */
function isAuto(request: Request): boolean {
  return request['coverage-report'].join() === 'auto';
}

async function runSuites(context: StageContext): Promise<void> {
  const { request, facts, host, warn } = context;
  const patterns = request['test-report'];
  const { workingDirectory } = known(facts.source, 'source');
  const reports =
    patterns.length === 0 ? null : new TestReports({ patterns, workingDirectory, files: host.files, warn });
  for (const suite of request.tests) await runSuite(context, suite, reports);
  for (const pattern of reports?.unused() ?? []) {
    warn(`No test report was found: \`test-report\` says \`${pattern}\`, and the tests wrote no such file.`);
  }
}

async function gateCoverage(context: StageContext, testsBegan: Date): Promise<void> {
  const { request, facts, host, places } = context;
  facts.coverage = await measureCoverage({
    files: host.files,
    patterns: request['coverage-report'],
    workingDirectory: known(facts.source, 'source').workingDirectory,
    notBefore: request.tests.length > 0 ? testsBegan : null,
    say: context.say,
  });
  facts.coverageBefore = await coverageOfRelease(host.files, places, facts.snapshot?.release ?? null);
  const minimum = request['coverage-minimum'];
  const { percent, linesTotal, unit } = facts.coverage;
  context.say(`coverage: ${formatPercent(percent)} % of ${linesTotal} ${unit}`);
  if (minimum !== undefined) judgeCoverage(facts.coverage, minimum);
}
