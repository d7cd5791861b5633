import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { PassThrough, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { isAlive, localHost, sh, temporaryFolder } from './support.ts';

const mebibyte = 2 ** 20;
const hundred = `head --bytes ${100 * mebibyte} /dev/zero`;

/** Counts bytes, and takes no more after the first until it is let go. */
function slowCounter(): { stream: Writable; bytes: () => number; held: Promise<void>; release: () => void } {
  const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let bytes = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      isHeld();
      released.then(() => done());
    },
  });
  return { stream, bytes: () => bytes, held, release };
}

async function linesOf(script: string): Promise<string[]> {
  const lines: string[] = [];
  await sh(script, { onLine: (line, stream) => lines.push(`${stream}: ${line}`) });
  return lines;
}

describe('standard output', () => {
  it('goes byte by byte into the sink; while that takes nothing, the command waits and nothing is held', async () => {
    const { stream, bytes, held, release } = slowCounter();
    let written = 0;
    const script = `for i in $(seq 100); do head --bytes ${mebibyte} /dev/zero; echo "$i" >&2; done`;
    const running = sh(script, {
      output: stream,
      onLine: () => {
        written += 1;
      },
    });
    await held;
    // Time enough for a command that nobody holds back to write it all.
    await sleep(1000);
    expect(written).toBeLessThan(5);
    release();
    expect(await running).toMatchObject({ outcome: 'success', stdout: '' });
    expect(stream.writableEnded).toBe(false);
    stream.end();
    await finished(stream);
    expect([written, bytes()]).toEqual([100, 100 * mebibyte]);
  });

  it('is kept up to 64 MiB without a sink, and the command still ends well', async () => {
    const result = await sh(hundred);
    expect(result.outcome).toBe('success');
    expect(result.stdout.length).toBeGreaterThanOrEqual(64 * mebibyte);
    expect(result.stdout.length).toBeLessThan(65 * mebibyte);
  });

  it('makes the command fail and stop when the sink breaks', async () => {
    const pids: number[] = [];
    const sink = new Writable({
      write: (_chunk, _encoding, done) => done(new Error('ENOSPC: no space left on device, write')),
    });
    const result = await sh('echo "$$" >&2; while :; do echo data; done', {
      output: sink,
      onLine: (line) => {
        if (/^\d+$/.test(line)) pids.push(Number(line));
      },
    });
    expect(result.outcome).toBe('failed');
    expect(result.tail).toContain('output: ENOSPC: no space left on device');
    expect(result.durationMs).toBeLessThan(10_000);
    expect(pids.filter(isAlive)).toEqual([]);
    expect(pids).toHaveLength(1);
  });

  it('makes the command fail and stop when the disk is full', async () => {
    const result = await sh('cat /dev/zero', { output: createWriteStream('/dev/full') });
    expect(result.outcome).toBe('failed');
    expect(result.tail).toContain('ENOSPC');
  });

  it('is a failure when the command itself fails after all was written', async () => {
    const { stream, bytes, release } = slowCounter();
    release();
    expect(await sh('echo half; exit 4', { output: stream })).toMatchObject({ outcome: 'failed', exitCode: 4 });
    stream.end();
    await finished(stream);
    expect(bytes()).toBe(5);
  });
});

describe('standard input', () => {
  it('is a text', async () => {
    expect((await sh('cat', { input: 'häuser\n' })).stdout).toBe('häuser\n');
  });

  it('is a stream of any length', async () => {
    const chunk = Buffer.alloc(mebibyte, 'x');
    const input = Readable.from(Array.from({ length: 20 }, () => chunk));
    expect((await sh('wc --bytes', { input })).stdout.trim()).toBe(String(20 * mebibyte));
  });

  it('may be left unread by a command that has seen enough', async () => {
    const input = Readable.from(Array.from({ length: 20 }, () => Buffer.alloc(mebibyte, 'x')));
    expect(await sh('head --bytes 1', { input })).toMatchObject({ outcome: 'success', stdout: 'x' });
    expect(input.destroyed).toBe(true);
  });

  it('makes the command fail and stop when it breaks', async () => {
    const input = new Readable({ read: () => {} });
    input.push('some');
    const running = sh('cat >/dev/null', { input });
    input.destroy(new Error('the archive is torn'));
    const result = await running;
    expect(result.outcome).toBe('failed');
    expect(result.tail).toContain('input: the archive is torn');
  });

  it('can be a conversation', async () => {
    const input = new PassThrough();
    onTestFinished(() => {
      input.destroy();
    });
    const output = new PassThrough();
    const running = sh('while read -r word; do echo "heard $word"; done', { input, output });
    for (const word of ['one', 'two']) {
      input.write(`${word}\n`);
      const [answer] = (await once(output, 'data')) as [Buffer];
      expect(answer.toString()).toBe(`heard ${word}\n`);
    }
    input.end();
    expect((await running).outcome).toBe('success');
  });
});

describe('each line', () => {
  it('is told whole, with its stream, also without an end', async () => {
    expect((await linesOf('echo one; echo two >&2; printf "three"')).sort()).toEqual([
      'stderr: two',
      'stdout: one',
      'stdout: three',
    ]);
  });

  it('is whole across the borders of chunks, also within a character', async () => {
    expect(await linesOf(`printf 'h\\303'; sleep 0.1; printf '\\244user'; sleep 0.1; printf '\\nb\\n'`)).toEqual([
      'stdout: häuser',
      'stdout: b',
    ]);
  });

  it('keeps what a character that is torn at the very end leaves', async () => {
    const lines: string[] = [];
    const result = await sh(`printf 'a\\303'`, { onLine: (line) => lines.push(line) });
    expect(lines).toEqual(['a\ufffd']);
    expect(result.stdout).toBe('a\ufffd');
  });

  it.each([
    ['one\\rtwo\\rlast\\n', 'last'],
    ['last\\r\\n', 'last'],
    ['one\\rlast\\r\\r\\n', 'last'],
    ['one\\rlast', 'last'],
  ])('of a progress bar %j is its last state', async (printed, last) => {
    expect(await linesOf(`printf '${printed}'`)).toEqual([`stdout: ${last}`]);
  });

  it('that never ends is neither held whole nor slow', async () => {
    const lengths: number[] = [];
    const result = await sh(`${hundred}; echo; echo after`, {
      onLine: (line) => lengths.push(line.length),
      timeout: 25_000,
    });
    expect(result.outcome).toBe('success');
    expect(Math.max(...lengths)).toBeLessThanOrEqual(2 * mebibyte);
    expect(lengths.at(-1)).toBe('after'.length);
  });
});

describe('the tail', () => {
  it('is the last 4 KiB of both streams', async () => {
    const { tail } = await sh('seq 1 5000; echo at last >&2');
    expect(tail.length).toBeLessThanOrEqual(4096);
    expect(tail).toContain('\n5000');
    expect(tail).toContain('at last');
    expect(tail).not.toContain('\n1000\n');
  });

  const secret = 'pa ss/w:rd&?é';
  const inBase64 = (before: string) => Buffer.from(`${before}${secret}, and more`).toString('base64');

  it.each([
    ['as it is', secret],
    ['as a part of a URL', encodeURIComponent(secret)],
    ['in JSON', JSON.stringify([secret])],
    ['in base64', inBase64('')],
    ['in base64, moved by one', inBase64('x')],
    ['in base64, moved by two', inBase64('xy')],
    ['in base64, moved by three', inBase64('xyz')],
  ])('and the command hide a secret %s', async (_how, shown) => {
    const result = await localHost([secret]).exec(['printf', '%s', shown], { timeout: 5000 });
    for (const told of [result.tail, result.command]) {
      expect(told).toContain('***');
      // Nothing in the middle of it is left.
      for (let at = 4; at < 12; at++) expect(told).not.toContain(shown.slice(at, at + 4));
    }
    expect(result.stdout).toBe(shown);
  });

  it('shows no part of a secret that its edge cuts', async () => {
    const secret = 'correct-horse-battery-staple-0123456789-abcdefghijklmnop';
    const { tail } = await sh(
      `for i in $(seq 1000); do echo "$SECRET"; done`,
      { env: { SECRET: secret } },
      localHost([secret]),
    );
    expect(tail.replaceAll('***', '').trim()).toBe('');
  });

  it('and the command hide a secret with a quote in it', async () => {
    const host = localHost(["o'hara's-key"]);
    const result = await host.exec(['true', "o'hara's-key", "--key=o'hara's-key"], { timeout: 5000 });
    expect(result.command).not.toContain('hara');
  });
});

describe('the lock descriptor', () => {
  const probe = 'if [ -e /proc/self/fd/3 ]; then readlink /proc/self/fd/3; else echo none; fi';

  it.each([
    [{ changes: true }, 'lock'],
    [{ changes: false }, 'none'],
    [{}, 'none'],
  ])('with %o is handed on as: %s', async (options, expected) => {
    const path = join(temporaryFolder(), 'lock');
    const { LocalHost } = await import('../../src/hosts/local.ts');
    const { Redactor } = await import('../../src/hosts/redactor.ts');
    const { openSync, closeSync } = await import('node:fs');
    const descriptor = openSync(path, 'a+');
    onTestFinished(() => closeSync(descriptor));
    const host = new LocalHost({ redactor: new Redactor(), lockDescriptor: () => descriptor });
    expect((await sh(probe, options, host)).stdout.trim()).toBe(expected === 'lock' ? path : 'none');
  });
});
