import type { CoverageResult } from '../coverage/coverage.ts';
import type { BackupRecord, DatabaseKind, DatabaseTarget } from '../databases/database.ts';
import type { ComposeModel } from '../platforms/compose/model.ts';
import type { MountPlan } from '../platforms/compose/mounts.ts';
import type { ObservedContainer } from '../platforms/compose/observe.ts';
import type { CoverageBefore } from './last-coverage.ts';
import type { Release } from './release.ts';
import type { BudgetReport, Report } from './report.ts';

/** The commit that is deployed. */
export interface Source {
  /** Top of the checkout, absolute. */
  readonly root: string;
  /** Where the compose file is, absolute; inside `root`. */
  readonly workingDirectory: string;
  readonly commit: string;
  /** Of the commit; UTC. */
  readonly committedAt: Date;
  readonly branch: string | null;
}

/** A container that was there before anything was changed. */
export type ContainerBefore = Pick<ObservedContainer, 'id' | 'service' | 'imageId' | 'state' | 'startedAt'>;

/** What ran before anything was changed. */
export interface Snapshot {
  readonly containers: readonly ContainerBefore[];
  /** The release that is good and running; `null` on a first deployment. */
  readonly release: Release | null;
}

/**
 * What the stages find out, each fact written by one of them. `known` is how another one reads it.
 */
export interface Facts {
  /** ID of this deployment, and of the release that it makes. */
  readonly id: string;
  readonly project: string;
  readonly startedAt: Date;
  model?: ComposeModel;
  /** Where Compose looks for values, absolute; later ones win. */
  envFiles?: readonly string[];
  /** The services that are asked for, with what they depend on. */
  services?: readonly string[];
  source?: Source;
  mounts?: MountPlan;
  /** As preflight saw them. */
  containers?: readonly ObservedContainer[];
  snapshot?: Snapshot;
  databases?: readonly { kind: DatabaseKind; target: DatabaseTarget }[];
  /** Databases whose dump was begun and is not known to have ended well. */
  dumping: readonly DatabaseTarget[];
  backups: BackupRecord[];
  /** The age recipients that backups are encrypted to; none: they stay plain. */
  encryptTo: readonly string[];
  /** Of them, those that were made after the writers had stopped: going back restores them. */
  restoreOnRollback: readonly string[];
  /** Names that this deployment gives to images. */
  tags: readonly string[];
  /** A release that was recorded from containers which ran before Homeport came. */
  adopted?: string;
  /** The container of the migration under way. */
  migration?: string;
  /** By which its sessions on the servers are known. */
  migrationAddresses: readonly string[];
  coverage?: CoverageResult;
  /** In the order in which they were measured. */
  budgets: BudgetReport[];
  /** Of the release that is good and running; `null` where it isn't known. */
  coverageBefore?: CoverageBefore | null;
  /** The release being brought up: a new one, or the current one when nothing differs. */
  release?: Release;
  /** The environment (secrets) of `release`. */
  environment: Readonly<Record<string, string>>;
  /** What runs is not certainly what ran before: from here on a failure needs the rollback. */
  disturbed: boolean;
  /** A migration was begun: the schema may be ahead of the old release. */
  migrated: boolean;
  /** Containers that were there before and are still the same; their health is not the new release's fault. */
  untouched: ReadonlySet<string>;
  changes: Report['changes'];
  details: Record<string, unknown>;
}

export function newFacts(id: string, project: string, startedAt: Date): Facts {
  return {
    id,
    project,
    startedAt,
    dumping: [],
    backups: [],
    encryptTo: [],
    restoreOnRollback: [],
    tags: [],
    migrationAddresses: [],
    budgets: [],
    environment: {},
    disturbed: false,
    migrated: false,
    untouched: new Set(),
    changes: { services: [], commits: [], migrations: [], tests: [] },
    details: {},
  };
}

/** A fact that an earlier stage must have found; a missing one is a mistake in the order of stages. */
export function known<T>(fact: T | undefined, name: string): T {
  if (fact === undefined) throw new Error(`the fact \`${name}\` is not known yet`);
  return fact;
}
