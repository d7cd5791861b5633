import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isAlive, localHost, sh, temporaryFolder } from './support.ts';

/** Starts a child and a grandchild which outlive a polite parent, and tells their IDs. */
const family = `
  bash -c 'echo "grandchild $$"; exec sleep 60' &
  echo "child $$"
  wait
`;

function pidsIn(text: string): number[] {
  return [...text.matchAll(/child (\d+)/g)].map((match) => Number(match[1]));
}

async function expectGone(pids: readonly number[]): Promise<void> {
  expect(pids).toHaveLength(2);
  await vi.waitFor(() => expect(pids.filter(isAlive)).toEqual([]), { timeout: 5000 });
}

describe('how a command ended', () => {
  it.each([
    ['success', 'exit 0', 0],
    ['failed', 'exit 3', 3],
    ['failed', 'kill -TERM $$', null],
  ])('is told as %s for `%s`', async (outcome, script, exitCode) => {
    expect(await sh(script)).toMatchObject({ outcome, exitCode });
  });

  it('is `not-found` for an executable that is not there, and says which', async () => {
    const result = await localHost().exec(['no-such-command-here', 'x'], { timeout: 1000 });
    expect(result).toMatchObject({ outcome: 'not-found', exitCode: null, tail: 'no-such-command-here: not found' });
  });

  it('is `not-found` for a folder that is not there, and says which', async () => {
    const folder = join(temporaryFolder(), 'gone');
    const result = await localHost().exec(['true'], { timeout: 1000, cwd: folder });
    expect(result.outcome).toBe('not-found');
    expect(result.tail).toContain(folder);
  });

  it('is `failed` for a file that may not be executed', async () => {
    const path = join(temporaryFolder(), 'plain');
    writeFileSync(path, 'no program', { mode: 0o644 });
    const result = await localHost().exec([path], { timeout: 1000 });
    expect(result).toMatchObject({ outcome: 'failed', exitCode: null });
    expect(result.tail).toContain('EACCES');
  });

  it('is `timeout` when it took too long, and the whole process group is gone', async () => {
    const result = await sh(family, { timeout: 500 });
    expect(result).toMatchObject({ outcome: 'timeout', exitCode: null });
    expect(result.durationMs).toBeGreaterThanOrEqual(450);
    await expectGone(pidsIn(result.stdout));
  });

  it.concurrent('is `timeout` also for a group that will not listen to SIGTERM', async () => {
    const result = await sh(`trap '' TERM; ${family.replace("bash -c '", 'bash -c \'trap "" TERM; ')}`, {
      timeout: 300,
    });
    expect(result.outcome).toBe('timeout');
    await expectGone(pidsIn(result.stdout));
  });

  it.concurrent('leaves no grandchild that ignores SIGTERM while its parent obeys', async () => {
    const result = await sh(family.replace("bash -c '", 'bash -c \'trap "" TERM; '), { timeout: 300 });
    expect(result.outcome).toBe('timeout');
    await expectGone(pidsIn(result.stdout));
  });

  it.concurrent('leaves no grandchild that ignores SIGTERM with all its streams closed', async () => {
    const deaf = family
      .replace("bash -c 'echo", 'bash -c \'trap "" TERM; exec 3>&1; echo')
      .replace('exec sleep 60', 'exec sleep 60 >/dev/null 2>&1 3>&1');
    const result = await sh(deaf, { timeout: 300 });
    expect(result.outcome).toBe('timeout');
    await expectGone(pidsIn(result.stdout));
  });

  it('is `cancelled` when the signal aborts, and the whole process group is gone', async () => {
    const cancel = new AbortController();
    const result = await sh(family, {
      signal: cancel.signal,
      onLine: (line) => {
        if (line.startsWith('grandchild')) cancel.abort();
      },
    });
    expect(result).toMatchObject({ outcome: 'cancelled', exitCode: null });
    await expectGone(pidsIn(result.stdout));
  });

  it('is `cancelled` when the signal had aborted before, and nothing came of it', async () => {
    const marker = join(temporaryFolder(), 'marker');
    const result = await sh(`sleep 1; touch ${marker}`, { signal: AbortSignal.abort() });
    expect(result.outcome).toBe('cancelled');
    expect(existsSync(marker)).toBe(false);
  });
});

describe('what a command is given', () => {
  it('is its folder and its variables, beside those of this process', async () => {
    const folder = temporaryFolder();
    const result = await sh('pwd; echo "$ONE $HOME"', { cwd: folder, env: { ONE: "it's $HOME" } });
    expect(result.stdout).toBe(`${folder}\nit's $HOME ${process.env.HOME}\n`);
  });

  it('is each argument as it is: no shell reads them', async () => {
    const words = ['a b', '$HOME', '`id`', "'", '"', '*', '', '\n', 'é'];
    const result = await localHost().exec(['printf', '[%s]', ...words], { timeout: 5000 });
    expect(result.stdout).toBe(words.map((word) => `[${word}]`).join(''));
  });

  it('is a closed standard input, unless there is some', async () => {
    expect(await sh('cat; echo end', { timeout: 5000 })).toMatchObject({ outcome: 'success', stdout: 'end\n' });
  });
});

describe('how the command is told', () => {
  it('is as one would type it', async () => {
    const result = await localHost().exec(['echo', 'plain', 'a b', "it's"], { timeout: 5000 });
    expect(result.command).toBe(`echo plain 'a b' 'it'\\''s'`);
  });

  it('is with the time that it took', async () => {
    const before = Date.now();
    const result = await sh('sleep 0.2');
    expect(result.durationMs).toBeGreaterThanOrEqual(190);
    expect(result.startedAt.getTime()).toBeGreaterThanOrEqual(before);
    expect(result.startedAt.getTime()).toBeLessThanOrEqual(Date.now() - 190);
  });
});
