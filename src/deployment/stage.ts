import type { Host } from '../hosts/host.ts';
import type { Request } from '../request/schema.ts';
import type { ExitCode } from './error.ts';
import type { Facts } from './facts.ts';
import type { Recovery, Undo } from './journal-entry.ts';
import type { Places } from './places.ts';
import type { StageName } from './report.ts';

/** One step of a deployment: a value. The engine knows no stage by name, and stages don't know one another. */
export interface Stage {
  readonly name: StageName;
  /** Stages that must have gone well before; those with the same needs run side by side. */
  readonly needs: readonly StageName[];
  /** What `plan` prints. */
  readonly intent: string;
  /** Left out, and shown as skipped with this reason. */
  readonly skip?: string;
  /** What the deployment ends with when this stage says no. */
  readonly exitCode: ExitCode;
  /** A failure is a loud warning, and the deployment goes on. */
  readonly tolerated?: boolean;
  /** Changes nothing, so that `plan` runs it too. */
  readonly looksOnly?: true;
  run(context: StageContext): Promise<void>;
  /** Of a rollback: whether it is needed though no stage has disturbed what ran (the engine was restarted, say). */
  needed?(context: StageContext): Promise<boolean>;
  /**
   * After a failed deployment, and where this stage alone failed and was tolerated: removes what it made and nobody uses.
   * What runs is not its business.
   */
  cleanUp?(context: StageContext): Promise<void>;
}

/** What a stage works with. */
export interface StageContext {
  readonly request: Request;
  readonly facts: Facts;
  readonly places: Places;
  /** Records each command in the stage's report and log. */
  readonly host: Host;
  /**
   * Makes one change to containers, images, files, databases or the state folder: what it takes to undo all that the
   * deployment changed is in the journal before, how it went after. `action` is a word for people and for the tests.
   */
  change<T>(action: string, recovery: Recovery, make: () => Promise<T>, more?: Undo): Promise<T>;
  readonly signal: AbortSignal;
  /** Milliseconds that are left of the deployment's time-out; at least 1. */
  remaining(): number;
  /** A line for people; redacted on its way out. */
  say(line: string): void;
  /** Stands in every report. */
  warn(text: string): void;
  redact(text: string): string;
  /** From here on these are secrets too, in all that is printed. */
  hide(secrets: readonly string[]): void;
  /** Work that isn't a command (a check, a watch): its time is not Homeport's own. */
  during<T>(work: () => Promise<T>): Promise<T>;
}
