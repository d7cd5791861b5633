import { describe, expect, it } from 'vitest';
import { known, newFacts } from '../../src/deployment/facts.ts';
import type { JournalEntry, Undo } from '../../src/deployment/journal-entry.ts';
import { recallFacts, undoOf, unionOfUndo } from '../../src/deployment/undo.ts';
import { release } from './support.ts';

const fresh = () => newFacts('d1', 'shop', new Date(0));
const target = {
  service: 'db',
  kind: 'postgres',
  container: 'c1',
  imageId: 'sha256:1',
  database: 'shop',
  user: 'shop',
} as const;

function intent(data: Undo): JournalEntry {
  const common = {
    version: 2,
    at: '2025-11-21T10:15:00.000Z',
    deployment: 'd1',
    stage: 'build',
    action: 'build',
  } as const;
  return { ...common, type: 'intent', recovery: 'forget', data: { ...data } };
}

describe('what a killed deployment knew', () => {
  it('is recalled as it was, from its undo data', () => {
    const facts = { ...fresh(), tags: ['shop-web:homeport-d1'], migrated: true, restoreOnRollback: ['/b/db.dump'] };
    facts.snapshot = { release: release('r1'), containers: [] };
    facts.release = release('d1');
    facts.adopted = 'r0-adopted';
    facts.migration = 'shop-web-migrate-d1';
    const undo = undoOf(facts);
    expect(undo).toMatchObject({ previous: 'r1', release: 'd1', adopted: 'r0-adopted', migrated: true });

    const recalled = fresh();
    recallFacts(
      recalled,
      { ...undo, databases: [target], dumping: true },
      { previous: release('r1'), own: release('d1') },
    );
    expect(recalled).toMatchObject({
      tags: ['shop-web:homeport-d1'],
      adopted: 'r0-adopted',
      migration: 'shop-web-migrate-d1',
      migrated: true,
      restoreOnRollback: ['/b/db.dump'],
      dumping: [target],
    });
    expect(recalled.snapshot?.release?.id).toBe('r1');
    expect(recalled.release?.id).toBe('d1');
    expect(recalled.databases?.[0]?.kind.kind).toBe('postgres');
  });

  it('is nothing where it was killed before it knew anything', () => {
    const recalled = fresh();
    recallFacts(recalled, unionOfUndo([]), { previous: null, own: null });
    expect(recalled).toMatchObject({ tags: [], migrated: false, restoreOnRollback: [], dumping: [], databases: [] });
    expect(recalled.snapshot).toEqual({ release: null, containers: [] });
    expect(recalled.release).toBeUndefined();
  });

  it('is what its last intent says where two say different things', () => {
    const union = unionOfUndo([intent({ migrated: false, tags: ['a'] }), intent({ migrated: true })]);
    expect(union).toEqual({ migrated: true, tags: ['a'] });
  });
});

describe('a fact', () => {
  it('that no stage has found yet is a mistake in their order', () => {
    expect(known(0, 'count')).toBe(0);
    expect(() => known(undefined, 'release')).toThrow('`release` is not known yet');
  });
});
