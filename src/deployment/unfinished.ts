import { z } from 'zod';
import type { JournalEntry, Recovery, Undo } from './journal-entry.ts';
import { unionOfUndo } from './undo.ts';

/** What the journal holds of a deployment from its very beginning. */
export const beginSchema = z.object({
  owner: z.string(),
  who: z.string(),
  branch: z.string().nullable(),
  repository: z.string().nullable(),
  commit: z.string().nullable(),
  triggeredBy: z.string(),
  runUrl: z.string().nullable(),
  startedAt: z.coerce.date(),
  log: z.string().nullable(),
  /** Milliseconds. */
  startTimeout: z.number(),
  startupWait: z.number(),
});
export type Beginning = z.infer<typeof beginSchema>;

/** A deployment that was begun and never ended: its process was killed. */
export interface Unfinished {
  readonly deployment: string;
  readonly command: string;
  readonly begun: Beginning;
  readonly undo: Undo;
  /** What is to be done: see `Recovery`. */
  readonly recovery: Recovery;
  /** Where it was killed, for people: `start (up)`; `null` before the first change. */
  readonly last: { readonly stage: string; readonly action: string } | null;
  /** Restores that were begun and are not known to have ended well. */
  readonly restoring: readonly { readonly undo: Undo }[];
}

/** The unfinished deployment of a journal, if there is one: a next one begins only when it was recovered. */
export function unfinishedOf(entries: readonly JournalEntry[]): Unfinished | null {
  const begins = entries.filter(({ type }) => type === 'begin');
  const begin = begins.at(-1);
  if (begin === undefined) return null;
  const own = entries.filter(({ deployment }) => deployment === begin.deployment);
  if (own.some(({ type }) => type === 'end')) return null;
  const intents = own.filter(({ type }) => type === 'intent');
  const last = intents.at(-1);
  const undo = unionOfUndo(own);
  const restores = own.flatMap((entry, at) => {
    const undo = unionOfUndo([entry]);
    return undo.restoring === undefined ? [] : [{ undo, file: undo.restoring.file, done: endedWell(own, at) }];
  });
  const decisive = intents.findLast(({ recovery }) => recovery !== 'forget');
  return {
    deployment: begin.deployment,
    command: begin.action,
    begun: beginSchema.parse(begin.data),
    undo: withoutRestored(
      undo,
      restores.filter(({ done }) => done).map(({ file }) => file),
    ),
    recovery: decisive?.recovery ?? 'forget',
    last: last === undefined ? null : { stage: last.stage, action: last.action },
    restoring: restores.filter(({ done }) => !done),
  };
}

/** What was restored already must not be restored once more: somebody may write to it by now. */
function withoutRestored(undo: Undo, restored: readonly string[]): Undo {
  if (restored.length === 0) return undo;
  const left = (undo.restoreOnRollback ?? []).filter((file) => !restored.includes(file));
  return { ...undo, restoreOnRollback: left, migrated: undo.migrated === true && left.length > 0 };
}

/** Whether the intent at this place has an outcome, and a good one. */
function endedWell(own: readonly JournalEntry[], at: number): boolean {
  const { stage, action } = own[at] ?? {};
  const outcome = own
    .slice(at + 1)
    .find((one) => one.type === 'outcome' && one.stage === stage && one.action === action);
  return outcome?.data.ok === true;
}

/** For people: where the deployment was when it was killed. */
export function killedWhere({ last }: Unfinished): string {
  return last === null ? 'before it changed anything' : `in its stage ${last.stage} (${last.action})`;
}
