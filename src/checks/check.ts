import type { DatabaseKind, DatabaseTarget } from '../databases/database.ts';
import type { Host } from '../hosts/host.ts';
import type { SmokeCheck } from '../request/schema.ts';

/** A running container of the release under test. */
export interface CheckedContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** Addresses on its networks; empty with `network_mode: host` or `none`. */
  readonly addresses: readonly string[];
  readonly hostNetwork: boolean;
  /** How often it had been restarted before this deployment. */
  readonly restartsBefore: number;
}

export interface CheckContext {
  readonly host: Host;
  readonly signal: AbortSignal;
  /** The working directory of the release, for `run`. */
  readonly workingDirectory: string;
  /** The release's secrets and `HOMEPORT_*`, for `run`; `exec` has the environment of its container. */
  readonly env: Readonly<Record<string, string>>;
  /** All containers of the release. */
  readonly containers: readonly CheckedContainer[];
  /** Finds the database of a service; `null` when it has none that is known. */
  readonly databaseOf: (service: string) => { kind: DatabaseKind; target: DatabaseTarget } | null;
  /** The bot of this request, for `telegram`; `null` when it gives no token. */
  readonly bot: { readonly apiUrl: string; readonly token: string } | null;
  /** Where the project's releases and backups are, for `resources`. */
  readonly stateFolder: string;
  readonly say: (line: string) => void;
}

export interface CheckResult {
  readonly check: SmokeCheck;
  /** `http http://localhost:8000/health` */
  readonly title: string;
  readonly ok: boolean;
  readonly attempts: number;
  readonly durationMs: number;
  /** On failure, for people: what the last attempt saw (status, first 500 bytes, exit code and output). */
  readonly seen: string;
  /** The service to blame, if the check says which. */
  readonly service: string | null;
}
