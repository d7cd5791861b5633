import type { Request } from '../request/schema.ts';
import { backupCommandStage, backupStage } from '../stages/backup.ts';
import { buildStage } from '../stages/build.ts';
import { chooseReleaseStage } from '../stages/choose-release.ts';
import { finishForwardStage } from '../stages/finish-forward.ts';
import { migrateStage } from '../stages/migrate.ts';
import { preflightStage } from '../stages/preflight.ts';
import { promoteStage } from '../stages/promote.ts';
import { restoreStage } from '../stages/restore.ts';
import { rollbackStage } from '../stages/rollback.ts';
import { settleDatabases } from '../stages/settle-databases.ts';
import { recordedSmokeStage, smokeStage } from '../stages/smoke.ts';
import { snapshotStage } from '../stages/snapshot.ts';
import { sourceStage } from '../stages/source.ts';
import { startStage } from '../stages/start.ts';
import { testStage } from '../stages/test.ts';
import type { Project } from './project.ts';
import type { Stage } from './stage.ts';

/** What a command will do, as the list that is printed, run and reported. */
export interface Plan {
  readonly stages: readonly Stage[];
  readonly rollback: Stage;
}

/** The stages of a deployment, in their order; the same for `plan` and `deploy`. */
export function planDeployment(request: Request, project: Project, branch: string | null): Plan {
  return {
    stages: [
      preflightStage(project),
      sourceStage(project, branch),
      snapshotStage(['source']),
      backupStage(request),
      testStage(request),
      buildStage(request),
      migrateStage(request),
      startStage(['migrate']),
      smokeStage(request.smoke),
      promoteStage(),
    ],
    rollback: rollbackStage(),
  };
}

/** Going back to a recorded release on purpose. */
export function planRollback(request: Request): Plan {
  return {
    stages: [
      chooseReleaseStage(request.to ?? null),
      snapshotStage(['preflight']),
      startStage(['snapshot']),
      recordedSmokeStage(),
      promoteStage(),
    ],
    rollback: rollbackStage(),
  };
}

export function planBackup(request: Request): Plan {
  return { stages: [backupCommandStage(request)], rollback: rollbackStage() };
}

export function planRestore(file: string): Plan {
  return { stages: [restoreStage(file)], rollback: rollbackStage() };
}

/** What recovery is made of: the same stages, of which only the ends are walked. */
export interface RecoveryPlan {
  /** In their order; they clean up in the reverse one. */
  readonly stages: readonly Stage[];
  readonly back: Stage;
  readonly forward: Stage;
  readonly settleDatabases: typeof settleDatabases;
}

export function planRecovery(request: Request): RecoveryPlan {
  return {
    stages: [snapshotStage([]), backupStage(request), buildStage(request), migrateStage(request)],
    back: rollbackStage(),
    forward: finishForwardStage(),
    settleDatabases,
  };
}
