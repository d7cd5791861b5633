import { z } from 'zod';
import { exitCodes, HomeportError } from './error.ts';

/**
 * What recovery does for a deployment that was killed after this change was begun. `forget`: what runs is untouched, only
 * what the deployment made goes. `back`: what runs may be a mixture, the recorded release before comes back. `forward`:
 * the new release runs and was found good, what is left of its promotion is done.
 */
const recoveries = ['forget', 'back', 'forward'] as const;
export type Recovery = (typeof recoveries)[number];

const container = z.object({
  id: z.string(),
  service: z.string(),
  imageId: z.string(),
  state: z.string(),
  startedAt: z.coerce.date(),
});

const database = z.object({
  kind: z.string(),
  service: z.string(),
  container: z.string(),
  imageId: z.string(),
  database: z.string(),
  user: z.string().exactOptional(),
  path: z.string().exactOptional(),
  while: z.enum(['paused', 'stopped']).exactOptional(),
  commands: z.object({ dump: z.string(), restore: z.string(), check: z.string() }).exactOptional(),
});

/** What it takes to undo a deployment: the union of what its intents hold. A field means the same in every intent. */
export const undoSchema = z
  .object({
    /** The release that is good and runs before; `null` when there is none. */
    previous: z.string().nullable(),
    /** The release that is being brought up. */
    release: z.string(),
    /** A release that is being recorded from containers that ran before Homeport came. */
    adopted: z.string(),
    /** Names that this deployment gives to images. */
    tags: z.array(z.string()),
    /** The containers that were there before anything was changed. */
    before: z.array(container),
    databases: z.array(database),
    /** Their dumps were begun and are not known to have ended well. */
    dumping: z.boolean(),
    /** The container of a migration. */
    migration: z.string(),
    /** The schema may be ahead of the release before. */
    migrated: z.boolean(),
    /** Backups that were made after the writers had stopped: going back restores them. */
    restoreOnRollback: z.array(z.string()),
    /** The age recipients of its backups: those that are still plain are encrypted when it is over. */
    encryptTo: z.array(z.string()),
    /** A restore under way: the backup file, and the stamp that all of its names are made from. */
    restoring: z.object({ file: z.string(), stamp: z.string() }),
  })
  .partial();
export type Undo = z.infer<typeof undoSchema>;

const common = {
  version: z.literal(2),
  at: z.string(),
  deployment: z.string(),
  stage: z.string(),
  action: z.string(),
};

/** One line: what is about to change, with what it takes to undo it, or how that went. */
const entrySchema = z.discriminatedUnion('type', [
  z.object({ ...common, type: z.literal('begin'), data: z.record(z.string(), z.unknown()) }),
  z.object({ ...common, type: z.literal('intent'), recovery: z.enum(recoveries), data: undoSchema }),
  z.object({ ...common, type: z.literal('outcome'), data: z.object({ ok: z.boolean() }) }),
  z.object({ ...common, type: z.literal('end'), data: z.record(z.string(), z.unknown()) }),
]);
export interface JournalEntry {
  readonly version: 2;
  readonly at: string;
  readonly deployment: string;
  readonly stage: string;
  readonly action: string;
  readonly type: 'begin' | 'intent' | 'outcome' | 'end';
  readonly recovery?: Recovery;
  readonly data: Record<string, unknown>;
}

/**
 * Homeport 0.1.0 told neither where a deployment begins and ends nor what recovery is to do, and recovered nothing: what
 * it left unfinished was for a person, who has seen to it since.
 */
const firstVersion = z.object({ version: z.literal(1) });

/** One line of the file `path`, as this version writes it. Throws `HomeportError` for what it can't understand. */
export function parseEntry(json: unknown, path: string): JournalEntry[] {
  if (firstVersion.safeParse(json).success) return [];
  const parsed = entrySchema.safeParse(json);
  if (parsed.success) return [parsed.data];
  const { version } = z.object({ version: z.number().catch(0) }).parse(json);
  throw new HomeportError(
    version > 2
      ? `The journal ${path} was written by a newer Homeport (version ${version}).`
      : `The journal ${path} holds an entry that Homeport did not write.`,
    {
      hint:
        version > 2
          ? 'Use that Homeport, or a newer one; this one could undo the wrong thing.'
          : 'Somebody changed it. Compare `docker ps` with `homeport status`; when what runs is right, move the journal away.',
      exitCode: exitCodes.aborted,
    },
  );
}
