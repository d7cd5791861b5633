import { databaseKinds } from '../databases/kinds.ts';
import { type Facts, known } from './facts.ts';
import { type JournalEntry, type Undo, undoSchema } from './journal-entry.ts';
import type { Release } from './release.ts';

/** What the journal must hold, so that whoever recovers knows what the deployment knew. */
export function undoOf(facts: Facts): Undo {
  const { snapshot, release, adopted, migration } = facts;
  return {
    ...(snapshot === undefined
      ? {}
      : {
          previous: snapshot.release?.id ?? null,
          before: snapshot.containers.map(({ id, service, imageId, state, startedAt }) => ({
            id,
            service,
            imageId,
            state,
            startedAt,
          })),
        }),
    ...(release === undefined ? {} : { release: release.id }),
    ...(adopted === undefined ? {} : { adopted }),
    ...(facts.databases === undefined ? {} : { databases: facts.databases.map(({ target }) => target) }),
    ...(migration === undefined ? {} : { migration }),
    tags: [...facts.tags],
    dumping: facts.dumping.length > 0,
    migrated: facts.migrated,
    restoreOnRollback: [...facts.restoreOnRollback],
    encryptTo: [...facts.encryptTo],
  };
}

/** What all intents of a deployment hold together; a later one knows better. */
export function unionOfUndo(entries: readonly JournalEntry[]): Undo {
  const intents = entries.filter(({ type }) => type === 'intent');
  return Object.assign({}, ...intents.map(({ data }) => undoSchema.parse(data)));
}

/** The facts as the killed deployment knew them; its releases are read by the caller. */
export function recallFacts(
  facts: Facts,
  undo: Undo,
  releases: { previous: Release | null; own: Release | null },
): void {
  const targets = undo.databases ?? [];
  facts.snapshot = { release: releases.previous, containers: undo.before ?? [] };
  if (releases.own !== null) facts.release = releases.own;
  if (undo.adopted !== undefined) facts.adopted = undo.adopted;
  if (undo.migration !== undefined) facts.migration = undo.migration;
  facts.databases = targets.map((target) => ({ kind: known(databaseKinds[target.kind], target.kind), target }));
  facts.dumping = undo.dumping === true ? targets : [];
  facts.tags = undo.tags ?? [];
  facts.restoreOnRollback = undo.restoreOnRollback ?? [];
  facts.migrated = undo.migrated ?? false;
  facts.encryptTo = undo.encryptTo ?? [];
}
