import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { thisProcess } from '../../src/deployment/holder.ts';
import { LockQueue } from '../../src/deployment/lock-queue.ts';
import { localHost, temporaryFolder } from '../hosts/support.ts';
import { leftBeside, newLock, Other, waitingLock } from './lock-support.ts';

function namesFrom(first: number, to: number): string[] {
  return Array.from({ length: to - first + 1 }, (_, index) => String(first + index));
}

/** What `order` says when these had the lock in this order, never two at once. */
function orderOf(names: readonly string[]): string {
  return names.map((name) => `${name} comes\n${name} goes\n`).join('');
}

/** A ticket that some process has locked, and the lock itself is free. */
async function ticketOfSomebody(path: string, number: number): Promise<ChildProcess> {
  const somebody = spawn('flock', ['--no-fork', `${path}.${number}`, 'sh', '-c', 'echo locked; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => {
    somebody.kill('SIGKILL');
  });
  await new Promise((resolve) => somebody.stdout?.once('data', resolve));
  return somebody;
}

describe('those who wait for the lock', () => {
  it('get it in the order in which they came', async () => {
    const path = join(temporaryFolder(), 'lock');
    const first = newLock(path);
    await first.take();
    const others = [new Other(path, 'passing'), new Other(path, 'passing'), new Other(path, 'passing')];
    const names = namesFrom(1, 30);
    for (const [index, name] of names.entries()) await others[index % 3]?.queue(name);
    first.lock.release();
    await others[2]?.passed('30');
    expect(readFileSync(`${path}-order`, 'utf8')).toBe(orderOf(names));
    expect(leftBeside(path)).toEqual(['lock', 'lock-order']);
  });

  it('all get it, one at a time, when they come at once', async () => {
    const path = join(temporaryFolder(), 'lock');
    let inside = 0;
    let most = 0;
    const passing = namesFrom(1, 50).map(async () => {
      const { lock, take } = newLock(path);
      await take();
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setImmediate(resolve));
      inside -= 1;
      lock.release();
    });
    await Promise.all(passing);
    expect(most).toBe(1);
    expect(leftBeside(path)).toEqual(['lock']);
  });

  it('keep their order when one in the middle is killed', async () => {
    const path = join(temporaryFolder(), 'lock');
    const first = newLock(path);
    await first.take();
    const [others, killed] = [new Other(path, 'passing'), new Other(path, 'passing')];
    await others.queue('1');
    await killed.queue('2');
    await others.queue('3');
    await others.queue('4');
    await killed.kill();
    await vi.waitFor(() => expect(leftBeside(path)).not.toContain('lock.2'), { timeout: 5000 });
    // The third waits for the killed one no more, and still for the first.
    expect(leftBeside(path)).toEqual(['lock', 'lock.1', 'lock.3', 'lock.4']);
    first.lock.release();
    await others.passed('1', '3', '4');
    expect(readFileSync(`${path}-order`, 'utf8')).toBe(orderOf(['1', '3', '4']));
    expect(leftBeside(path)).toEqual(['lock', 'lock-order']);
  });

  it('keep their order when one in the middle gives up', async () => {
    const path = join(temporaryFolder(), 'lock');
    const first = newLock(path);
    await first.take();
    const others = new Other(path, 'passing');
    const cancel = new AbortController();
    await others.queue('1');
    const { taken } = await waitingLock(path, { signal: cancel.signal });
    await others.queue('3');
    await others.queue('4');
    cancel.abort();
    await expect(taken).rejects.toThrow('Cancelled');
    expect(leftBeside(path)).toEqual(['lock', 'lock.1', 'lock.3', 'lock.4']);
    first.lock.release();
    await others.passed('1', '3', '4');
    expect(readFileSync(`${path}-order`, 'utf8')).toBe(orderOf(['1', '3', '4']));
    expect(leftBeside(path)).toEqual(['lock', 'lock-order']);
  });

  it('move up when the first of them is killed, and stay when the last one gives up', async () => {
    const path = join(temporaryFolder(), 'lock');
    const first = newLock(path);
    await first.take();
    const [killed, other] = [new Other(path, 'passing'), new Other(path, 'passing')];
    await killed.queue('1');
    await other.queue('2');
    await killed.kill();
    await vi.waitFor(() => expect(leftBeside(path)).not.toContain('lock.1'), { timeout: 5000 });
    const { taken } = await waitingLock(path, { timeout: 300 });
    await expect(taken).rejects.toThrow('still runs');
    first.lock.release();
    await other.passed('2');
    expect(readFileSync(`${path}-order`, 'utf8')).toBe(orderOf(['2']));
    expect(leftBeside(path)).toEqual(['lock', 'lock-order']);
  });

  it('are not overtaken by one who comes when the lock is just free', async () => {
    const path = join(temporaryFolder(), 'lock');
    const somebody = await ticketOfSomebody(path, 7);
    const { taken } = await waitingLock(path);
    expect(existsSync(`${path}.8`)).toBe(true);
    expect(spawnSync('flock', ['--nonblock', path, 'true']).status).toBe(0);
    somebody.kill('SIGKILL');
    await taken;
    expect(leftBeside(path)).toEqual(['lock']);
  });

  it('hear of each new holder', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'alone', 'one');
    await other.held();
    const next = new Other(path, 'alone', 'two');
    await next.said('waits two');
    const { heard, taken } = await waitingLock(path);
    await other.release();
    await next.said('held');
    await vi.waitFor(() => expect(heard).toHaveLength(2));
    await next.release();
    await taken;
    expect(heard).toEqual([expect.stringMatching(/^deploy one\n/), expect.stringMatching(/^deploy two\n/)]);
  });
});

describe('what killed ones leave', () => {
  it('makes nobody wait: a ticket', async () => {
    const path = join(temporaryFolder(), 'lock');
    writeFileSync(`${path}.3`, '');
    writeFileSync(`${path}.4`, '');
    await newLock(path).take({ onWait: () => expect.unreachable('it waited') });
    expect(leftBeside(path)).toEqual(['lock']);
  });

  it('goes when somebody gets in line: a ticket without a number, unless its maker lives', async () => {
    const path = join(temporaryFolder(), 'lock');
    const { pid, start } = await thisProcess(localHost());
    const [mine, dead] = [`lock.${pid}-${start}-aaaa.tmp`, `lock.${pid}-1-aaaa.tmp`];
    writeFileSync(join(path, '..', mine), '');
    writeFileSync(join(path, '..', dead), '');
    const first = newLock(path);
    await first.take();
    const { taken } = await waitingLock(path);
    first.lock.release();
    await taken;
    expect(leftBeside(path)).toEqual(['lock', mine]);
  });
});

describe('a ticket', () => {
  const maker = { pid: 1, start: '1', boot: '', namespace: '' };

  it('is not removed under another one that got its number meanwhile', async () => {
    const path = join(temporaryFolder(), 'lock');
    writeFileSync(`${path}.1`, 'dead');
    const seen: string[] = [];
    const queue = new LockQueue(path, async () => {
      if (!existsSync(`${path}.2`)) return true;
      if (seen.length === 0) {
        rmSync(`${path}.1`);
        writeFileSync(`${path}.1`, 'living');
      }
      seen.push(readFileSync(`${path}.1`, 'utf8'));
      return true;
    });
    const ticket = await queue.join(localHost(), maker);
    await ticket.reachHead(() => {});
    expect(seen).toEqual(['living', 'living']);
    ticket.leave();
    expect(leftBeside(path)).toEqual([]);
  });

  it('gets the next number when somebody was faster', async () => {
    const path = join(temporaryFolder(), 'lock');
    const queue = new LockQueue(path, async () => true);
    const tickets = await Promise.all([1, 2, 3].map(() => queue.join(localHost(), maker)));
    expect(leftBeside(path)).toEqual(['lock.1', 'lock.2', 'lock.3']);
    for (const ticket of tickets) ticket.leave();
    expect(leftBeside(path)).toEqual([]);
  });

  it('is made anew when somebody took it for a dead one before it had a number', async () => {
    const path = join(temporaryFolder(), 'lock');
    let made = 0;
    const queue = new LockQueue(path, async () => {
      made += 1;
      for (const name of leftBeside(path)) if (made === 1) rmSync(join(path, '..', name));
      return true;
    });
    const ticket = await queue.join(localHost(), maker);
    expect(made).toBe(2);
    expect(leftBeside(path)).toEqual(['lock.1']);
    ticket.leave();
  });

  it('leaves nothing behind where it can not be locked', async () => {
    const path = join(temporaryFolder(), 'lock');
    const queue = new LockQueue(path, async () => {
      throw new Error('no locks here');
    });
    await expect(queue.join(localHost(), maker)).rejects.toThrow('no locks here');
    expect(leftBeside(path)).toEqual([]);
  });
});
