import { describe, expect, it } from 'vitest';
import type { JournalEntry, Recovery, Undo } from '../../src/deployment/journal-entry.ts';
import { killedWhere, unfinishedOf } from '../../src/deployment/unfinished.ts';

const begun = {
  owner: '/state/shop#d1',
  who: 'ada',
  branch: 'main',
  repository: null,
  commit: 'c1',
  triggeredBy: 'push',
  runUrl: null,
  startedAt: '2025-11-21T10:15:00.000Z',
  log: null,
  startTimeout: 120_000,
  startupWait: 10_000,
};

function entry(deployment: string, stage: string, action: string, more: Partial<JournalEntry>): JournalEntry {
  return { version: 2, at: '2025-11-21T10:15:00.000Z', deployment, stage, action, type: 'end', data: {}, ...more };
}
const begin = (id = 'd1') => entry(id, 'deployment', 'deploy', { type: 'begin', data: begun });
const end = (id = 'd1') => entry(id, 'deployment', 'deploy', { type: 'end' });
const intent = (stage: string, action: string, recovery: Recovery, undo: Undo = {}) =>
  entry('d1', stage, action, { type: 'intent', recovery, data: { ...undo } });
const outcome = (stage: string, action: string, ok = true) =>
  entry('d1', stage, action, { type: 'outcome', data: { ok } });

describe('a journal', () => {
  it('has nothing unfinished before the first deployment, and after one that ended', () => {
    expect(unfinishedOf([])).toBeNull();
    expect(unfinishedOf([begin(), intent('start', 'up', 'back'), outcome('start', 'up'), end()])).toBeNull();
  });

  it('has the last deployment that was begun and not ended', () => {
    const found = unfinishedOf([begin('d0'), end('d0'), begin('d1')]);
    expect(found).toMatchObject({ deployment: 'd1', command: 'deploy', recovery: 'forget', last: null });
    expect(found?.begun.owner).toBe('/state/shop#d1');
  });

  it.each<[Recovery, JournalEntry[]]>([
    ['forget', [intent('build', 'build', 'forget')]],
    ['back', [intent('build', 'build', 'forget'), outcome('build', 'build'), intent('start', 'up', 'back')]],
    ['forward', [intent('start', 'up', 'back'), outcome('start', 'up'), intent('promote', 'promote', 'forward')]],
    // What tidies up says nothing about what runs.
    ['back', [intent('start', 'up', 'back'), outcome('start', 'up'), intent('backup', 'prune', 'forget')]],
    // The promotion failed, and the way back was begun.
    [
      'back',
      [intent('promote', 'promote', 'forward'), outcome('promote', 'promote', false), intent('rollback', 'up', 'back')],
    ],
  ])('asks for `%s` by its last intent that changes what runs', (recovery, entries) => {
    expect(unfinishedOf([begin(), ...entries])?.recovery).toBe(recovery);
  });

  it('knows all that its intents knew; the later ones know better', () => {
    const found = unfinishedOf([
      begin(),
      intent('build', 'build', 'forget', { tags: ['a:1'], previous: 'r1', migrated: false }),
      intent('migrate', 'migrate', 'forget', { migrated: true, release: 'r2' }),
    ]);
    expect(found?.undo).toEqual({ tags: ['a:1'], previous: 'r1', migrated: true, release: 'r2' });
  });

  it('tells people where it was killed', () => {
    const at = (...entries: JournalEntry[]) => {
      const found = unfinishedOf([begin(), ...entries]);
      return found === null ? null : killedWhere(found);
    };
    expect(at()).toBe('before it changed anything');
    expect(at(intent('start', 'up', 'back'))).toBe('in its stage start (up)');
  });
});

describe('a restore in the journal', () => {
  const restoring = (file: string) =>
    intent('rollback', 'restore', 'back', {
      restoring: { file, stamp: `stamp of ${file}` },
      restoreOnRollback: ['a', 'b'],
      migrated: true,
    });

  it('is to be finished or undone while it has no good outcome', () => {
    const found = unfinishedOf([begin(), restoring('a')]);
    expect(found?.restoring.map(({ undo }) => undo.restoring)).toEqual([{ file: 'a', stamp: 'stamp of a' }]);
    expect(found?.undo.restoreOnRollback).toEqual(['a', 'b']);
    expect(unfinishedOf([begin(), restoring('a'), outcome('rollback', 'restore', false)])?.restoring).toHaveLength(1);
  });

  it('is not made a second time once it went well', () => {
    const one = unfinishedOf([begin(), restoring('a'), outcome('rollback', 'restore')]);
    expect(one?.restoring).toEqual([]);
    expect(one?.undo).toMatchObject({ restoreOnRollback: ['b'], migrated: true });
    const both = [restoring('a'), outcome('rollback', 'restore'), restoring('b'), outcome('rollback', 'restore')];
    expect(unfinishedOf([begin(), ...both])?.undo).toMatchObject({ restoreOnRollback: [], migrated: false });
  });
});
