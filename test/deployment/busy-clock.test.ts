import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BusyClock } from '../../src/deployment/busy-clock.ts';

describe('the busy clock', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
  const busyFor = (clock: BusyClock, ms: number) =>
    clock.during(() => new Promise<void>((resolve) => setTimeout(resolve, ms)));

  it('adds up only what is done under it', async () => {
    const clock = new BusyClock();
    const first = busyFor(clock, 100);
    await vi.advanceTimersByTimeAsync(100);
    await first;
    await vi.advanceTimersByTimeAsync(1000);
    const second = busyFor(clock, 50);
    await vi.advanceTimersByTimeAsync(50);
    await second;
    expect(clock.busyMs).toBe(150);
  });

  it('counts each moment once when things go on side by side', async () => {
    const clock = new BusyClock();
    const long = busyFor(clock, 100);
    await vi.advanceTimersByTimeAsync(60);
    const late = busyFor(clock, 100);
    await vi.advanceTimersByTimeAsync(500);
    await Promise.all([long, late]);
    expect(clock.busyMs).toBe(160);
  });

  it('counts what is still under way', async () => {
    const clock = new BusyClock();
    const running = busyFor(clock, 100);
    await vi.advanceTimersByTimeAsync(40);
    expect(clock.busyMs).toBe(40);
    await vi.advanceTimersByTimeAsync(60);
    await running;
  });

  it('gives what the work gave, and stops also when it fails', async () => {
    const clock = new BusyClock();
    expect(await clock.during(async () => 7)).toBe(7);
    await expect(clock.during(() => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await vi.advanceTimersByTimeAsync(100);
    expect(clock.busyMs).toBe(0);
  });
});
