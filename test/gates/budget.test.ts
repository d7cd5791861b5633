import { describe, expect, it } from 'vitest';
import { readNumber } from '../../src/gates/budget.ts';
import { checkout, gate } from './support.ts';

/** One budget `tokens` of at most 100. */
function budget(command: string, maximum: number | string = 100): Record<string, unknown> {
  return { budgets: { tokens: { command, maximum } } };
}

describe('a budget', () => {
  it.each([
    ['below its maximum', 'echo 99.5', 99.5],
    ['at its maximum', 'echo 100', 100],
    ['that is told in the last line', 'echo counting…; echo 3; echo; echo', 3],
    ['that is told beside what goes to standard error', 'echo 7; echo 5000 >&2', 7],
    ['in the notation of awk', 'echo 1.5e+01', 15],
    ['below zero', 'echo -4', -4],
  ])('%s lets the deployment go on', async (_what, command, value) => {
    const { result, facts } = await gate(budget(command), checkout());
    expect(result.failure).toBeNull();
    expect(facts.budgets).toEqual([{ name: 'tokens', value, maximum: 100, status: 'success' }]);
  });

  it('above its maximum stops it, with both numbers', async () => {
    const { result, facts, said } = await gate(budget('echo 100.01'), checkout());
    expect(result.failure).toMatchObject({ stage: 'test', exitCode: 1 });
    expect(result.failure?.error.message).toBe('The budget `tokens` is exceeded: 100.01, the maximum is 100.');
    expect(facts.budgets).toEqual([{ name: 'tokens', value: 100.01, maximum: 100, status: 'failed' }]);
    expect(said).toContain('100.01');
  });

  it.each([
    ['that fails', 'echo 5; exit 3', /its command failed with exit code 3\.$/],
    ['that prints nothing', 'true', /its command printed nothing on its standard output\.$/],
    ['that prints to standard error only', 'echo 5 >&2', /printed nothing on its standard output/],
    ['with a thousands separator', 'echo 1,234', /printed `1,234`, which is not a plain number/],
    ['with a unit', 'echo 12 MiB', /printed `12 MiB`, which is not a plain number/],
    ['that is no number', 'echo 5; echo done', /printed `done`, which is not a plain number/],
    ['beyond all numbers', 'echo 1e999', /printed `1e999`, which is not a plain number/],
    ['in a pipe of which one part fails', 'false | echo 5', /failed with exit code 1/],
  ])('%s stops it', async (_what, command, message) => {
    const { result, facts } = await gate(budget(command), checkout());
    expect(result.failure).toMatchObject({ stage: 'test', exitCode: 1 });
    expect(result.failure?.error.message).toMatch(message);
    expect(facts.budgets).toEqual([{ name: 'tokens', value: null, maximum: 100, status: 'failed' }]);
  });

  it('is measured where the tests run and with their environment, after them', async () => {
    const door = {
      tests: { unit: 'echo 41 > spent' },
      budgets: { tokens: { command: 'test "$PWD" = "$(pwd -P)"; echo $(($(cat spent) + STEP))', maximum: 42 } },
      secrets: 'STEP=1',
    };
    const { result, facts } = await gate(door, checkout());
    expect(result.failure).toBeNull();
    expect(facts.budgets).toMatchObject([{ value: 42 }]);
  });

  it('is not measured when the tests fail', async () => {
    const { facts } = await gate({ tests: { unit: 'exit 1' }, ...budget('echo 1') }, checkout());
    expect(facts.budgets).toEqual([]);
  });

  it('does not hide the others: all are measured, and all that say no are told', async () => {
    const budgets = {
      tokens: { command: 'echo 9', maximum: 5 },
      euros: { command: 'echo 0.3', maximum: 0.5 },
      bytes: { command: 'echo lots', maximum: 5 },
    };
    const { result, facts } = await gate({ budgets }, checkout());
    expect(facts.budgets.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'tokens failed',
      'euros success',
      'bytes failed',
    ]);
    expect(result.failure?.error.message).toMatch(/`tokens` is exceeded: 9.*`bytes` could not be measured/);
  });

  it('never shows a secret that was printed instead of a number', async () => {
    const secrets = ['hunter2-and-more'];
    const { report } = await gate(budget('echo hunter2-and-more'), checkout(), secrets);
    expect(report.error?.message).toContain('printed `***`');
    expect(JSON.stringify(report)).not.toContain('hunter2');
    // Also where only its beginning is among the characters that are shown.
    const { report: cut } = await gate(budget(`printf '%070d' 0; echo hunter2-and-more`), checkout(), secrets);
    expect(cut.error?.message).toContain('0***`');
  });
});

describe('a plain number', () => {
  it.each([
    ['0', 0],
    ['51234', 51_234],
    ['+3', 3],
    ['.5', 0.5],
    ['5.', 5],
    ['1E3', 1000],
  ])('%s', (text, value) => {
    expect(readNumber(text)).toBe(value);
  });

  it.each(['', '1 2', '1_000', '1.234.5', '0x10', 'NaN', 'Infinity', '5%', '€5', '--5', 'e5', '\u0661'])(
    'is not %j',
    (text) => {
      expect(readNumber(text)).toBeNull();
    },
  );
});
