import { spawn } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { formatHolder, isAlive, linesForPeople, parseHolder, thisProcess } from '../../src/deployment/holder.ts';
import type { Host } from '../../src/hosts/host.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { localHost, sh } from '../hosts/support.ts';
import { ada } from './lock-support.ts';
import { stubHost } from './support.ts';

const host = localHost();
const mark = await thisProcess(host);
const full = { ...ada, commit: '3f2a9c1', runUrl: 'https://example.org/runs/1' };

describe('the text of a holder', () => {
  it('tells people who it is', () => {
    expect(linesForPeople(formatHolder(full, { ...mark, pid: 12 }))).toEqual([
      'deploy d1',
      'ada',
      'commit 3f2a9c1',
      'run https://example.org/runs/1',
      'since 2025-11-21T10:15:00.000Z',
      'process 12',
    ]);
  });

  it('does not tell the run twice', () => {
    const text = formatHolder({ ...full, who: 'ada by https://example.org/runs/1' }, mark);
    expect(linesForPeople(text)).not.toContain('run https://example.org/runs/1');
  });

  it.each([ada, full, { ...full, who: 'a name\nof two "lines"' }])('is read as it was written: %o', (holder) => {
    expect(parseHolder(formatHolder(holder, mark))).toEqual({ ...holder, process: mark });
  });

  it('says nothing when it is torn anywhere', () => {
    const text = formatHolder(full, mark);
    for (let length = 0; length < text.length; length += 1) expect(parseHolder(text.slice(0, length))).toBeNull();
  });

  it.each([
    'deploy d1\nada\nsince 2025-11-21T10:15:00.000Z\nprocess 12\n',
    '\0\0\0\0',
    '{}\n',
    `${JSON.stringify({ version: 2, holder: ada, process: mark })}\n`,
  ])('says nothing when another version wrote it: %j', (text) => {
    expect(parseHolder(text)).toBeNull();
  });
});

describe('the process of a holder', () => {
  it('lives as long as it is the same', async () => {
    expect(await isAlive(host, { process: mark })).toBe(true);
    expect(mark.start).toMatch(/^\d+$/);
  });

  it('has ended when its ID is that of a later process', async () => {
    expect(await isAlive(host, { process: { ...mark, start: `${mark.start}0` } })).toBe(false);
  });

  it('has ended when the machine was restarted', async () => {
    expect(await isAlive(host, { process: { ...mark, boot: 'another' } })).toBe(false);
  });

  it('may live when it belongs to a container that can not be seen into', async () => {
    expect(await isAlive(host, { process: { ...mark, start: '1', namespace: 'pid:[1]' } })).toBe(true);
  });

  it('may live where the host tells nothing', async () => {
    const files = Object.assign(new LocalFiles(), { readText: async () => null });
    const blind: Host = { ...stubHost(() => ({})), files };
    expect(await isAlive(blind, { process: mark })).toBe(true);
  });

  it('has ended when it is gone, and when only its parent has not noticed yet', async () => {
    const parent = spawn('sh', ['-c', 'sleep 0.01 & echo $!; exec sleep 60'], { stdio: ['ignore', 'pipe', 'inherit'] });
    const pid = await new Promise<number>((resolve) => parent.stdout.once('data', (data) => resolve(Number(data))));
    const state = async (): Promise<string> => (await sh(`cat /proc/${pid}/stat 2>/dev/null || true`)).stdout;
    while (!(await state()).includes(') Z ')) await new Promise((resolve) => setTimeout(resolve, 10));
    const start = (await state()).split(' ')[21] ?? '';
    const other = { ...mark, pid, start };
    expect(await isAlive(host, { process: other })).toBe(false);
    const ended = new Promise((resolve) => parent.once('exit', resolve));
    parent.kill('SIGKILL');
    await ended;
    expect(await isAlive(host, { process: other })).toBe(false);
  });
});
