import type { Redactor } from '../hosts/redactor.ts';
import type { Reporter } from '../reporters/reporter.ts';

/** What a door knows of who asks, and where it shows what happens. */
export interface Door {
  readonly triggeredBy: string;
  readonly who: string;
  readonly repository: string | null;
  readonly branch: string | null;
  readonly runUrl: string | null;
  readonly signal: AbortSignal;
  readonly redactor: Redactor;
  readonly reporters: readonly Reporter[];
}
