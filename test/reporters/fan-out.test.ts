import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FanOut } from '../../src/reporters/fan-out.ts';
import type { DeploymentEvent, Reporter } from '../../src/reporters/reporter.ts';

const line: DeploymentEvent = { type: 'line', stage: 'test', text: 'a' };

function reporterOf(changes: Partial<Reporter>): Reporter {
  return { name: 'some', event: () => {}, close: async () => {}, ...changes };
}

const throwing = (message: string) => () => {
  throw new Error(message);
};

describe('the fan-out', () => {
  let warnings: string[];
  beforeEach(() => {
    warnings = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const fanOutOf = (...reporters: Reporter[]) => new FanOut(reporters, (text) => warnings.push(text));

  it('gives each event to every reporter, also behind one that throws', () => {
    const seen: DeploymentEvent[] = [];
    fanOutOf(reporterOf({ event: throwing('broken') }), reporterOf({ event: (event) => seen.push(event) })).event(line);
    expect(seen).toEqual([line]);
  });

  it('warns once for each reporter and message', () => {
    const fanOut = fanOutOf(
      reporterOf({ name: 'a', event: throwing('broken') }),
      reporterOf({ name: 'b', event: throwing('broken') }),
    );
    fanOut.event(line);
    fanOut.event(line);
    expect(warnings).toEqual(['The reporter a failed: broken', 'The reporter b failed: broken']);
  });

  it('takes the rejection of an event that is async by mistake', async () => {
    const fanOut = fanOutOf(reporterOf({ event: async () => Promise.reject(new Error('late')) }));
    fanOut.event(line);
    await fanOut.close();
    expect(warnings).toEqual(['The reporter some failed: late']);
  });

  it('is not hurt by a warning handler that throws', async () => {
    const fanOut = new FanOut([reporterOf({ event: throwing('a'), close: throwing('b') })], throwing('c'));
    fanOut.event(line);
    await fanOut.close();
  });

  it('closes all, and makes a warning of what fails', async () => {
    const closed = vi.fn(async () => {});
    await fanOutOf(
      reporterOf({ name: 'a', close: throwing('now') }),
      reporterOf({ name: 'b', close: () => Promise.reject(new Error('later')) }),
      reporterOf({ close: closed }),
    ).close();
    expect(closed).toHaveBeenCalledOnce();
    expect(warnings).toEqual(['The reporter a failed: now', 'The reporter b failed: later']);
  });

  it('closes once however often it is asked', async () => {
    const closed = vi.fn(async () => {});
    const fanOut = fanOutOf(reporterOf({ close: closed }));
    await Promise.all([fanOut.close(), fanOut.close()]);
    expect(closed).toHaveBeenCalledOnce();
  });

  it('aborts after 10 s, and goes on without those that ignore it', async () => {
    const signals: AbortSignal[] = [];
    const slow = reporterOf({
      name: 'slow',
      close: (signal) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    });
    const deaf = reporterOf({
      name: 'deaf',
      close: (signal) => {
        signals.push(signal);
        return new Promise(() => {});
      },
    });
    const over = vi.fn();
    void fanOutOf(slow, deaf).close().then(over);
    await vi.advanceTimersByTimeAsync(9900);
    expect(signals[0]?.aborted).toBe(false);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(600);
    expect(over).toHaveBeenCalledOnce();
    expect(warnings).toEqual([
      'The reporter slow failed: took longer than 10 s',
      'The reporter deaf failed: did not end within 10 s',
    ]);
  });

  it('leaves no timer behind', async () => {
    await fanOutOf(reporterOf({})).close();
    expect(vi.getTimerCount()).toBe(0);
  });
});
