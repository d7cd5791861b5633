import { formatPercent, judgeCoverage } from '../coverage/gate.ts';
import { measureCoverage } from '../coverage/measure.ts';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import { coverageOfRelease } from '../deployment/last-coverage.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import type { Request } from '../request/schema.ts';
import { formatDuration } from '../request/units.ts';

/** The gates: the user's tests in their order, then coverage. */
export function testStage(request: Request): Stage {
  const names = request.tests.map(({ name }) => name);
  const minimum = request['coverage-minimum'];
  const nothing = names.length === 0 && minimum === undefined;
  const skip = request['skip-tests'] ? '`skip-tests: true`' : nothing ? 'no `tests`, no `coverage-minimum`' : undefined;
  return {
    name: 'test',
    needs: ['snapshot'],
    intent: `run ${names.join(', ') || 'no tests'}${minimum === undefined ? '' : `; coverage of ${minimum} % or more`}`,
    ...(skip === undefined ? {} : { skip }),
    exitCode: exitCodes.gate,
    run: async (context) => {
      const begin = new Date();
      for (const test of request.tests) await runTest(context, test);
      if (minimum !== undefined || (names.length > 0 && !isAuto(request))) await gateCoverage(context, begin);
    },
  };
}

/** `auto` without a minimum asks for nothing. */
function isAuto(request: Request): boolean {
  return request['coverage-report'].join() === 'auto';
}

async function runTest(context: StageContext, test: { name: string; command: string }): Promise<void> {
  const source = known(context.facts.source, 'source');
  const result = await context.host.exec(['bash', '-euo', 'pipefail', '-c', test.command], {
    cwd: source.workingDirectory,
    env: { ...context.request.secrets, PWD: source.workingDirectory },
    timeout: context.remaining(),
    signal: context.signal,
    onLine: (line) => context.say(line),
  });
  const status = result.outcome === 'success' ? 'success' : result.outcome === 'cancelled' ? 'cancelled' : 'failed';
  context.facts.changes.tests.push({ name: test.name, status, duration_seconds: result.durationMs / 1000 });
  context.signal.throwIfAborted();
  if (result.outcome === 'success') {
    context.say(`${test.name}: passed in ${formatDuration(result.durationMs / 1000)}`);
    return;
  }
  const how = result.outcome === 'timeout' ? 'did not end in time' : `failed with exit code ${result.exitCode}`;
  throw new HomeportError(`The tests \`${test.name}\` ${how}.`, {
    hint: `Run \`${test.command.split('\n')[0]}\` in the checkout to see the same.`,
    excerpt: result.tail,
  });
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
