import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { Recorder } from '../../src/deployment/recorder.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import type { DeploymentEvent } from '../../src/reporters/reporter.ts';
import { report, stage } from '../support/reports.ts';

const secret = 'p@ss/w0rd-of-the-shop';

function recorderOf(...secrets: string[]) {
  const events: DeploymentEvent[] = [];
  const redactor = new Redactor();
  for (const one of secrets) redactor.add(one);
  const recorder = new Recorder(report({}), { emit: (event) => events.push(event), redactor });
  const lines = () => events.flatMap((event) => (event.type === 'line' ? [event.text] : []));
  return { recorder, events, lines };
}

describe('a line that is said', () => {
  it('is told at once', () => {
    const { recorder, lines } = recorderOf(secret);
    recorder.say('test', 'one');
    expect(lines()).toEqual(['one']);
  });

  it.each([1, 2, 9, secret.length - 1])('is hidden with the next one where a secret is broken after %i', (at) => {
    const { recorder, lines } = recorderOf(secret);
    recorder.say('test', `it is ${secret.slice(0, at)}`);
    recorder.say('test', `${secret.slice(at)} indeed`);
    expect(lines()).toEqual(['it is *** indeed']);
  });

  it('is hidden line by line where base64 breaks it', () => {
    const { recorder, lines } = recorderOf(secret.repeat(10));
    for (const line of Buffer.from(secret.repeat(10))
      .toString('base64')
      .match(/.{1,76}/g) ?? []) {
      recorder.say('test', line);
    }
    recorder.say('test', 'the end');
    expect(lines().join(' ')).toMatch(/^\*\*\*.{0,4} the end$/);
  });

  it('is told all the same when nothing follows: after a moment, and when the stage ends', async () => {
    const { recorder, lines, events } = recorderOf(secret);
    recorder.say('test', 'waiting for p');
    expect(lines()).toEqual([]);
    await vi.waitFor(() => expect(lines()).toEqual(['waiting for p']), { timeout: 10_000 });
    recorder.say('test', 'and for p');
    recorder.stageFinished(stage(['test', 0, 0, 'success']), 'success', null);
    expect(events.slice(-2).map(({ type }) => type)).toEqual(['line', 'stage-finished']);
    await sleep(300);
    expect(lines()).toEqual(['waiting for p', 'and for p']);
  });

  it('of one stage does not wait for another one', () => {
    const { recorder, lines } = recorderOf(secret);
    recorder.say('test', 'p');
    recorder.say('build', '@ss/w0rd-of-the-shop?');
    recorder.finished();
    expect(lines()).toEqual(['@ss/w0rd-of-the-shop?', 'p']);
  });

  it('is hidden as soon as it is known for a secret', () => {
    const { recorder, lines } = recorderOf();
    recorder.say('test', 'hunter2hunter2');
    recorder.hide(['hunter2hunter2']);
    recorder.say('test', 'hunter2hunter2');
    recorder.finished();
    expect(lines()).toEqual(['hunter2hunter2', '***']);
  });
});
