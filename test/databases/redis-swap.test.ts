import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { redisSwap } from '../../src/databases/redis-swap.ts';

const root = mkdtempSync(join(tmpdir(), 'homeport-redis-swap-'));
const data = join(root, 'data');
const stamp = '20260101T000000Z';
afterAll(() => rmSync(root, { recursive: true }));
beforeEach(() => {
  rmSync(data, { recursive: true, force: true });
  mkdirSync(data);
});

/** Each command that changes something counts, and the script dies right before number `killAt`. */
const dying = ['mv', 'rm', 'mkdir', 'chown', 'sync']
  .map((name) => `${name}() { KILL_AT=$((KILL_AT - 1)); [ $KILL_AT != 0 ] || kill -9 $$; command ${name} "$@"; }`)
  .join('\n');

function run(killAt: number, words: readonly string[], input = '') {
  const program = `eval "$SCRIPT"`;
  const env = { PATH: process.env.PATH, SCRIPT: `${dying}\n${redisSwap}`, KILL_AT: String(killAt) };
  const { status, stdout } = spawnSync('sh', ['-c', program, 'homeport', ...words], { env, input, encoding: 'utf8' });
  return { status, end: /^end (.*)$/m.exec(stdout)?.[1], stdout };
}

const stage = (killAt: number, mode: 'rdb' | 'aof') =>
  run(killAt, ['stage', data, stamp, 'dump.rdb', 'appendonly.aof', 'appendonlydir', mode], 'restored');
const swap = (killAt: number) => run(killAt, ['swap', data, stamp]);
const recover = (killAt: number) => run(killAt, ['recover', '-', stamp, data]);

function contents(folder = data): Record<string, unknown> {
  const entries = readdirSync(folder, { withFileTypes: true });
  return Object.fromEntries(
    entries.map((entry) => [
      entry.name,
      entry.isDirectory() ? contents(join(folder, entry.name)) : readFileSync(join(folder, entry.name), 'utf8'),
    ]),
  );
}

const old = { 'dump.rdb': 'old', appendonlydir: { manifest: 'old' }, 'users.acl': 'not data' };
const states = { 'an RDB and AOF': old, 'an RDB alone': { 'dump.rdb': 'old' }, 'no data yet': {} };

function write(files: Readonly<Record<string, string | Readonly<Record<string, string>>>>, folder = data): void {
  for (const [name, content] of Object.entries(files)) {
    if (typeof content === 'string') writeFileSync(join(folder, name), content);
    else {
      mkdirSync(join(folder, name), { recursive: true });
      write(content, join(folder, name));
    }
  }
}

/** What a server leaves that was started over whatever was there, and stopped again. */
function strayServer(): void {
  if (existsSync(join(data, 'appendonlydir', 'manifest'))) return;
  write({ 'dump.rdb': 'stray', appendonlydir: { 'stray.aof': 'stray' } });
}

describe.each(['rdb', 'aof'] as const)('the swap of Redis data for a server with %s', (mode) => {
  const isNew = () => {
    const file = join(data, mode === 'aof' ? 'appendonly.aof' : 'dump.rdb');
    return existsSync(file) && readFileSync(file, 'utf8') === 'restored';
  };

  it.each(Object.entries(states))(
    'that is killed anywhere leaves one whole state, and says which: %s',
    (_name, before) => {
      const ends = new Set<string | undefined>();
      for (let killAt = 1; ; killAt += 1) {
        for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true });
        write(before);
        stage(0, mode);
        const { status } = swap(killAt);
        const done = isNew();
        // Recovery is killed too, each time a step later, until it comes to its end.
        let recovered = recover(1);
        for (let again = 2; recovered.status !== 0; again += 1) recovered = recover(again);
        ends.add(recovered.end);
        expect([killAt, recovered.end]).toEqual([
          killAt,
          done ? 'finished' : expect.stringMatching(/^undone$|^undefined$/),
        ]);
        const { [`.homeport-before-${stamp}`]: kept, ...rest } = contents();
        if (done) {
          const { 'users.acl': other, ...moved } = { 'users.acl': undefined, ...before };
          expect(kept).toEqual(moved);
          expect(rest).toEqual({
            [mode === 'aof' ? 'appendonly.aof' : 'dump.rdb']: 'restored',
            ...(other === undefined ? {} : { 'users.acl': other }),
          });
        } else {
          expect(kept).toBeUndefined();
          expect(rest).toEqual(before);
        }
        if (status === 0) break;
      }
      expect([...ends]).toEqual(expect.arrayContaining(['undone', 'finished']));
    },
  );

  it('that is undone takes away what a server made which somebody started in between', () => {
    for (let killAt = 1; ; killAt += 1) {
      for (const name of readdirSync(data)) rmSync(join(data, name), { recursive: true });
      write({ appendonlydir: { manifest: 'old' } });
      stage(0, mode);
      const { status } = swap(killAt);
      if (isNew() || status === 0) break;
      strayServer();
      expect(recover(0).end).toBe('undone');
      expect(contents()).toEqual({ appendonlydir: { manifest: 'old' } });
    }
  });
});

it('a copy that was killed on its way is taken away, at whichever step', () => {
  for (let killAt = 1; ; killAt += 1) {
    write(old);
    const { status } = stage(killAt, 'rdb');
    const left = readdirSync(data).some((name) => name.includes('homeport'));
    expect(recover(0).end).toBe(left ? 'undone' : undefined);
    expect(contents()).toEqual(old);
    if (status === 0) break;
  }
});
