import { describe, expect, it } from 'vitest';
import { type LogOptions, LogReporter } from '../../src/reporters/log.ts';
import type { DeploymentEvent } from '../../src/reporters/reporter.ts';
import { gateFailed, hostile, report, stage } from '../support/reports.ts';

const state = report();

/** `+build`: begins; `-build`: ends; `build: text`: says; the whole log comes back. */
async function logOf(mode: LogOptions['mode'], colour: boolean, ...steps: string[]): Promise<string> {
  let log = '';
  const reporter = new LogReporter({ mode, colour, write: (text) => (log += text) });
  for (const step of steps) reporter.event(eventOf(step));
  await reporter.close();
  return log;
}

function eventOf(step: string): DeploymentEvent {
  const name = step.slice(1);
  if (step.startsWith('+')) return { type: 'stage-started', stage: stage([name, 0, 0, 'running']), report: state };
  if (step.startsWith('-')) return { type: 'stage-finished', stage: stage([name, 0, 2]), report: state };
  const [at = '', text = ''] = step.split(': ');
  return { type: 'line', stage: at, text };
}

describe('the log on GitHub', () => {
  it('streams the first stage that runs, and prints those beside it as groups of their own afterwards', async () => {
    const log = await logOf(
      'github',
      false,
      '+backup',
      '+test',
      '+build',
      'backup: b1',
      'test: t1',
      'build: i1',
      'backup: b2',
      'test: t2',
      '-test',
      '-backup',
      'build: i2',
      '-build',
    );
    expect(log.trimEnd().split('\n')).toEqual([
      '::group::backup',
      'b1',
      'b2',
      '::endgroup::',
      '✔ backup 2.0s',
      '::group::test',
      't1',
      't2',
      '::endgroup::',
      '✔ test 2.0s',
      '::group::build',
      'i1',
      'i2',
      '::endgroup::',
      '✔ build 2.0s',
    ]);
  });

  it('streams: a line of the open group is there at once', () => {
    const written: string[] = [];
    const reporter = new LogReporter({ mode: 'github', colour: false, write: (text) => written.push(text) });
    reporter.event(eventOf('+build'));
    reporter.event(eventOf('build: step 1'));
    expect(written.join('')).toBe('::group::build\nstep 1\n');
  });

  it('streams the next stage when the open one has ended', async () => {
    const written: string[] = [];
    const reporter = new LogReporter({ mode: 'github', colour: false, write: (text) => written.push(text) });
    for (const step of ['+test', '+build', 'build: early', '-test', 'build: late']) reporter.event(eventOf(step));
    expect(written.slice(-3).join('')).toContain('early\nlate\n');
  });

  it('loses nothing when stages are never said to be over', async () => {
    const log = await logOf('github', false, '+backup', '+test', 'backup: b1', 'test: t1', 'build: late');
    for (const line of ['b1', 't1', 'late']) expect(log.split('\n')).toContain(line);
    expect(log.match(/::group::/g)).toHaveLength(log.match(/::endgroup::/g)?.length ?? 0);
  });

  it('never has a group within a group, in whatever order events come', async () => {
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 48_271) % 2_147_483_647;
      return seed % below;
    };
    for (let round = 0; round < 300; round += 1) {
      const steps = Array.from({ length: 40 }, (_, index) => {
        const name = ['backup', 'test', 'build'][random(3)] ?? '';
        return ['+', '-', ''][random(3)] === '' ? `${name}: line-${index}.` : `${['+', '-'][random(2)]}${name}`;
      });
      const log = await logOf('github', false, ...steps);
      let depth = 0;
      for (const line of log.split('\n')) {
        if (line.startsWith('::group::')) depth += 1;
        if (line === '::endgroup::') depth -= 1;
        expect([0, 1]).toContain(depth);
      }
      expect(depth).toBe(0);
      for (const step of steps) {
        const line = step.split(': ')[1];
        if (line !== undefined) expect(log.split(line)).toHaveLength(2);
      }
    }
  });

  it('gives the runner no command that a program printed', async () => {
    const texts = ['::endgroup::', '  ::add-mask::a', 'x\r::stop-commands::y', '##[endgroup]', '\u001b[2K::error::z'];
    const log = await logOf('github', false, '+test', ...texts.map((text) => `test: ${text}`), '-test');
    const commands = log.split('\n').filter((line) => line.trimStart().startsWith('::'));
    expect(commands).toEqual(['::group::test', '::endgroup::']);
    expect(log).not.toContain('##[');
  });

  it('says a failure outside of groups, with cause and next step', () => {
    let log = '';
    const reporter = new LogReporter({ mode: 'github', colour: false, write: (text) => (log += text) });
    reporter.event(eventOf('+test'));
    reporter.event({
      type: 'stage-finished',
      stage: stage(['test', 0, 2, 'failed'], [], 'unit failed'),
      report: state,
    });
    reporter.event({ type: 'finished', report: gateFailed });
    expect(log).toMatch(/::endgroup::\n✖ test 2\.0s failed: unit failed\n\n❌ Deployment failed: mundus/);
    expect(log).toContain('Next step: Run `pytest');
  });

  it('ends with the verdict of a hostile report without a command in it', () => {
    let log = '';
    const reporter = new LogReporter({ mode: 'github', colour: false, write: (text) => (log += text) });
    reporter.event({ type: 'started', report: hostile });
    reporter.event({ type: 'finished', report: hostile });
    expect(log.split('\n').filter((line) => line.trimStart().startsWith('::'))).toEqual([]);
  });
});

describe('the log of a terminal and of a pipe', () => {
  const steps = ['+build', 'build: step 1', '-build'];

  it('names the stage of each line', async () => {
    expect(await logOf('plain', false, ...steps)).toBe('▶ build\n  build | step 1\n✔ build 2.0s\n');
    expect(await logOf('terminal', false, ...steps)).toBe('▶ build\n  build │ step 1\n✔ build 2.0s\n');
  });

  it('dims what commands print, only in a terminal and only when asked', async () => {
    expect(await logOf('terminal', true, ...steps)).toContain('\u001b[2m  build │ step 1\u001b[0m\n');
    expect(await logOf('plain', true, ...steps)).not.toContain('\u001b');
  });

  it('lets no program move the cursor', async () => {
    expect(await logOf('terminal', false, 'test: \u001b[2J\u001b[31mred\u001b[0m\rover')).toBe(
      '  test │ red\n  test │ over\n',
    );
  });

  it('makes warnings stand out', () => {
    let log = '';
    const reporter = new LogReporter({ mode: 'plain', colour: false, write: (text) => (log += text) });
    reporter.event({ type: 'warning', stage: 'backup', text: 'no backup' });
    expect(log).toBe('  backup | WARNING: no backup\n');
  });
});
