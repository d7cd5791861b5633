import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { formatHolder, parseHolder, thisProcess } from '../../src/deployment/holder.ts';
import { localHost, temporaryFolder } from '../hosts/support.ts';
import { ada, leftBeside, newLock, Other, runs, waitingLock } from './lock-support.ts';

const unheard = (text: string): never => expect.unreachable(text);

describe('a lock whose holder was killed', () => {
  it('is taken once what it left running is stopped', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    const child = await other.held();
    await other.kill();
    const orphans: string[] = [];
    await newLock(path).take({ onOrphans: (sentence) => orphans.push(sentence) });
    expect(orphans).toEqual(['deploy theirs was killed; stopping 1 command that it left running.']);
    expect(runs(child)).toBe(false);
    expect(readFileSync(path, 'utf8')).toMatch(/^deploy d1\n/);
    expect(leftBeside(path)).toEqual(['lock']);
  });

  it('is taken by the first of those who wait already, and nobody else stops anything', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    const child = await other.held();
    const orphans: string[] = [];
    const first = await waitingLock(path, { onOrphans: (sentence) => orphans.push(`first: ${sentence}`) });
    const second = await waitingLock(path, { onOrphans: (sentence) => orphans.push(`second: ${sentence}`) });
    await other.kill();
    await first.taken;
    expect(runs(child)).toBe(false);
    expect(orphans).toEqual([expect.stringMatching(/^first: deploy theirs was killed/)]);
    first.lock.release();
    await second.taken;
  });

  it('tells by `onWait` where nobody listens to `onOrphans`', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    await other.held();
    await other.kill();
    const { heard, taken } = await waitingLock(path);
    await taken;
    expect(heard).toContain('deploy theirs was killed; stopping 1 command that it left running.');
  });

  it('is taken also when the machine was restarted since', async () => {
    const path = join(temporaryFolder(), 'lock');
    const here = await thisProcess(localHost());
    writeFileSync(path, formatHolder(ada, { ...here, boot: 'another' }));
    await newLock(path).take({ onWait: unheard, onOrphans: unheard });
    expect(parseHolder(readFileSync(path, 'utf8'))?.process).toEqual(here);
  });

  it('counts as such also when its process belongs to another boot', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    const child = await other.held();
    const text = readFileSync(path, 'utf8');
    const holder = parseHolder(text);
    if (holder === null) throw new Error(text);
    await other.kill();
    writeFileSync(path, formatHolder(holder, { ...(await thisProcess(localHost())), boot: 'another' }));
    await newLock(path).take({ onWait: () => {} });
    expect(runs(child)).toBe(false);
  });
});

describe('a lock', () => {
  it('is left to its living holder, with all that it runs', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    const child = await other.held();
    // Longer than the time between two looks at the holder.
    await expect(newLock(path).take({ timeout: 1500, onOrphans: unheard })).rejects.toThrow('still runs');
    expect(runs(child)).toBe(true);
    await other.release();
  });

  it('is left to whoever has it when its text is torn', async () => {
    const path = join(temporaryFolder(), 'lock');
    const other = new Other(path, 'changing', 'theirs');
    const child = await other.held();
    await other.kill();
    const text = readFileSync(path, 'utf8');
    writeFileSync(path, text.slice(0, -20));
    const { heard, taken } = await waitingLock(path, { timeout: 1500, onOrphans: unheard });
    await expect(taken).rejects.toThrow('still runs after 1.5s: deploy theirs, bob');
    expect(heard).toHaveLength(1);
    expect(runs(child)).toBe(true);
    process.kill(child, 'SIGKILL');
    await vi.waitFor(() => expect(runs(child)).toBe(false));
    await newLock(path).take({ onOrphans: unheard });
  });
});
