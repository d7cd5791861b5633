import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ProjectLock } from '../../src/deployment/lock.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import { isAlive, temporaryFolder } from '../hosts/support.ts';
import { stubHost } from './support.ts';

const holderScript = fileURLToPath(new URL('./lock-holder.ts', import.meta.url));
const holder = { what: 'deploy d1', who: 'ada', since: '2025-11-21T10:15:00.000Z' };

interface Taking {
  timeout?: number;
  signal?: AbortSignal;
  onWait?: (text: string) => void;
}

function newLock(path: string): { lock: ProjectLock; take: (options?: Taking) => Promise<void> } {
  const lock: ProjectLock = new ProjectLock(path);
  const host = new LocalHost({ redactor: new Redactor(), lockDescriptor: () => lock.descriptor });
  onTestFinished(() => lock.release());
  const take = async ({ timeout = 20_000, signal = new AbortController().signal, onWait = () => {} }: Taking = {}) =>
    await lock.take(host, holder, { timeout, signal, onWait });
  return { lock, take };
}

/** Another process that holds the lock, with a child of its own that changes something, or doesn't. */
async function otherProcess(path: string, mode: 'alone' | 'changing' | 'asking'): Promise<[ChildProcess, number]> {
  const other = spawn(process.execPath, [holderScript, path, mode], { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => {
    other.kill('SIGKILL');
  });
  const lines = createInterface({ input: other.stdout });
  const [first] = await Promise.race([
    lines[Symbol.asyncIterator]()
      .next()
      .then(({ value }) => [String(value)]),
    new Promise<never>((_, reject) => {
      other.once('exit', (code) => reject(new Error(`the other process ended with ${code}`)));
    }),
  ]);
  const child = Number(first?.replace('held ', ''));
  onTestFinished(() => {
    if (child > 0 && isAlive(child)) process.kill(child, 'SIGKILL');
  });
  return [other, child];
}

async function isFree(path: string): Promise<boolean> {
  const { lock, take } = newLock(path);
  const free = await take({ timeout: 1 }).then(
    () => true,
    () => false,
  );
  lock.release();
  return free;
}

describe('the lock of a project', () => {
  it('is held by one process and says who it is', async () => {
    const path = join(temporaryFolder(), 'lock');
    await newLock(path).take();
    expect(readFileSync(path, 'utf8')).toBe(`deploy d1\nada\nsince 2025-11-21T10:15:00.000Z\nprocess ${process.pid}\n`);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('shuts another process out until it ends', async () => {
    const path = join(temporaryFolder(), 'lock');
    const [other] = await otherProcess(path, 'alone');
    expect(await isFree(path)).toBe(false);
    let waiting = '';
    const { take } = newLock(path);
    const taken = take({
      onWait: (text) => {
        waiting = text;
        other.kill('SIGKILL');
      },
    });
    await taken;
    expect(waiting).toMatch(/^deploy theirs\nbob\nsince .*\nprocess \d+\n$/);
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
    const [other, child] = await otherProcess(path, 'changing');
    const ended = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await ended;
    expect(isAlive(child)).toBe(true);
    expect(await isFree(path)).toBe(false);
    process.kill(child, 'SIGKILL');
    await vi.waitFor(async () => expect(await isFree(path)).toBe(true), { timeout: 5000 });
  });

  it('does not outlive its killed holder for a child that changes nothing', async () => {
    const path = join(temporaryFolder(), 'lock');
    const [other, child] = await otherProcess(path, 'asking');
    const ended = new Promise((resolve) => other.once('exit', resolve));
    other.kill('SIGKILL');
    await ended;
    expect(isAlive(child)).toBe(true);
    await vi.waitFor(async () => expect(await isFree(path)).toBe(true), { timeout: 5000 });
    expect(isAlive(child)).toBe(true);
  });
});

describe('waiting for the lock', () => {
  it('ends with its time-out, and tells who holds it', async () => {
    const path = join(temporaryFolder(), 'lock');
    await otherProcess(path, 'alone');
    const { lock, take } = newLock(path);
    await expect(take({ timeout: 300 })).rejects.toMatchObject({
      message: expect.stringMatching(/still runs after 0\.\ds: deploy theirs, bob, since .*, process \d+\.$/),
      hint: expect.stringContaining('lock-timeout'),
    });
    expect(lock.descriptor).toBeUndefined();
  });

  it('ends with a cancellation', async () => {
    const path = join(temporaryFolder(), 'lock');
    await otherProcess(path, 'alone');
    const cancel = new AbortController();
    const { lock, take } = newLock(path);
    await expect(take({ signal: cancel.signal, onWait: () => cancel.abort() })).rejects.toThrow(
      'Cancelled while waiting for another deployment',
    );
    expect(lock.descriptor).toBeUndefined();
  });

  it('says what is missing on a host without `flock`', async () => {
    const lock = new ProjectLock(join(temporaryFolder(), 'lock'));
    const host = stubHost(() => ({ outcome: 'not-found', exitCode: null }));
    const taking = lock.take(host, holder, { timeout: 1, signal: new AbortController().signal, onWait: () => {} });
    await expect(taking).rejects.toMatchObject({ hint: 'Install util-linux.' });
  });
});
