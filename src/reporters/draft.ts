import { renameSync, writeFileSync } from 'node:fs';
import type { HostFiles } from '../hosts/host.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';

/**
 * Keeps the report on the disk while the deployment goes on, so that whoever recovers a killed one can complete it. At
 * once, since the kill may come in the next moment; not durable, for a power loss takes nothing that the journal lacks.
 */
export class DraftReporter implements Reporter {
  readonly name = 'draft report';
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  event(event: DeploymentEvent): void {
    if (event.type !== 'stage-started' && event.type !== 'stage-finished') return;
    const half = `${this.#path}.tmp`;
    try {
      writeFileSync(half, JSON.stringify(event.report), { mode: 0o600 });
      renameSync(half, this.#path);
    } catch {
      // A full disk is told by what needs the disk.
    }
  }

  /** The whole report was written. Durable: once the deployment has ended nobody looks for a draft any more. */
  async discard(files: HostFiles): Promise<void> {
    for (const path of [this.#path, `${this.#path}.tmp`]) await files.remove(path).catch(() => {});
  }

  async close(): Promise<void> {}
}
