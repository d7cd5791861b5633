import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { ProjectLock } from '../../src/deployment/lock.ts';
import { temporaryFolder } from '../hosts/support.ts';
import { ada, isFree, leftBeside, newLock, Other, runs, waitingLock } from './lock-support.ts';
import { stubHost } from './support.ts';

describe('the lock of a project', () => {
  it('is held by one process and says who it is', async () => {
    const path = join(temporaryFolder(), 'lock');
    await newLock(path).take();
    expect(readFileSync(path, 'utf8')).toMatch(
      new RegExp(`^deploy d1\nada\nsince 2025-11-21T10:15:00.000Z\nprocess ${process.pid}\n{.*}\n$`),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('says nothing any more once it is released', async () => {
    const path = join(temporaryFolder(), 'lock');
    const { lock, take } = newLock(path);
    await take();
    lock.release();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('keeps the text of its holder when somebody else gives up', async () => {
    const path = join(temporaryFolder(), 'lock');
    await newLock(path).take();
    await expect(newLock(path).take({ timeout: 1 })).rejects.toThrow('still runs');
    expect(readFileSync(path, 'utf8')).toMatch(/^deploy d1\n/);
  });

  it('shuts another process out until it ends', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'alone', 'theirs');
    await other.held();
    expect(await isFree(path)).toBe(false);
    const { heard, taken } = await waitingLock(path);
    expect(heard).toEqual([expect.stringMatching(/^deploy theirs\nbob\nsince .*\nprocess \d+\n$/)]);
    await other.kill();
    await taken;
    expect(readFileSync(path, 'utf8')).toMatch(/^deploy d1\nada\n/);
  });

  it('shuts out a second one in the same process too, until it is released', async () => {
    const path = join(temporaryFolder(), 'lock');
    const { lock, take } = newLock(path);
    await take();
    expect(await isFree(path)).toBe(false);
    lock.release();
    lock.release();
    expect(lock.descriptor).toBeUndefined();
    expect(await isFree(path)).toBe(true);
  });

  it('outlives its killed holder exactly as long as a child that changes something', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    const child = await other.held();
    // Nobody knows whose child it is, so nobody stops it.
    writeFileSync(path, '');
    await other.kill();
    expect(runs(child)).toBe(true);
    expect(await isFree(path)).toBe(false);
    process.kill(child, 'SIGKILL');
    await vi.waitFor(async () => expect(await isFree(path)).toBe(true), { timeout: 5000 });
  });

  it('does not outlive its killed holder for a child that changes nothing', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'asking', 'theirs');
    const child = await other.held();
    await other.kill();
    expect(runs(child)).toBe(true);
    await vi.waitFor(async () => expect(await isFree(path)).toBe(true), { timeout: 5000 });
    expect(runs(child)).toBe(true);
  });

  it('is the file of its name, also when that was removed while somebody waited', async () => {
    const path = join(temporaryFolder(), 'lock');
    const first = newLock(path);
    await first.take();
    const { taken } = await waitingLock(path);
    await rm(path);
    first.lock.release();
    await taken;
    expect(readFileSync(path, 'utf8')).toMatch(/^deploy d1\n/);
    expect(await isFree(path)).toBe(false);
  });
});

describe('waiting for the lock', () => {
  it('ends with its time-out, and tells who holds it', async () => {
    const path = join(temporaryFolder(), 'lock');
    await new Other(path, 'alone', 'theirs').held();
    const { lock, take } = newLock(path);
    await expect(take({ timeout: 300 })).rejects.toMatchObject({
      message: expect.stringMatching(/still runs after 0\.\ds: deploy theirs, bob, since .*, process \d+\.$/),
      hint: expect.stringContaining('lock-timeout'),
    });
    expect(lock.descriptor).toBeUndefined();
    expect(leftBeside(path)).toEqual(['lock']);
  });

  it('ends with a cancellation', async () => {
    const path = join(temporaryFolder(), 'lock');
    await new Other(path, 'alone', 'theirs').held();
    const cancel = new AbortController();
    const { lock, take } = newLock(path);
    await expect(take({ signal: cancel.signal, onWait: () => cancel.abort() })).rejects.toThrow(
      'Cancelled while waiting for another deployment',
    );
    expect(lock.descriptor).toBeUndefined();
    expect(leftBeside(path)).toEqual(['lock']);
  });

  it('says so where nobody knows who holds it', async () => {
    const path = join(temporaryFolder(), 'lock');
    await newLock(path).take();
    writeFileSync(path, '');
    const { heard, taken } = await waitingLock(path, { timeout: 300 });
    expect(heard).toEqual(['unknown\n']);
    await expect(taken).rejects.toThrow(/still runs after 0\.\ds: unknown\.$/);
  });

  it('does not happen between two projects', async () => {
    const [one, two] = [join(temporaryFolder(), 'lock'), join(temporaryFolder(), 'lock')];
    await newLock(one).take();
    const { taken } = await waitingLock(one, { timeout: 500 });
    await newLock(two).take({ onWait: () => expect.unreachable('it waited') });
    await expect(taken).rejects.toThrow('still runs');
  });
});

describe('a host that can not lock', () => {
  const take = async (host: ReturnType<typeof stubHost>): Promise<void> =>
    await new ProjectLock(join(temporaryFolder(), 'lock')).take(host, ada, {
      timeout: 1,
      signal: new AbortController().signal,
      onWait: () => {},
    });

  it('says what is missing without `flock`', async () => {
    const host = stubHost(() => ({ outcome: 'not-found', exitCode: null }));
    await expect(take(host)).rejects.toMatchObject({ hint: 'Install util-linux.' });
  });

  it('says what the file system says', async () => {
    const host = stubHost(() => ({ outcome: 'failed', exitCode: 71, tail: 'flock: 3: No locks available' }));
    await expect(take(host)).rejects.toMatchObject({
      message: 'The project can not be locked: flock: 3: No locks available',
      hint: expect.stringContaining('state-directory'),
    });
  });
});
