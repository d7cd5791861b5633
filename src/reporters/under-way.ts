import type { DeploymentEvent, Reporter } from './reporter.ts';

/** Knows which stages are under way, for a person who asks by a second Ctrl-C. */
export class UnderWay implements Reporter {
  readonly name = 'stages under way';
  readonly #stages = new Set<string>();

  event(event: DeploymentEvent): void {
    if (event.type === 'stage-started') this.#stages.add(event.stage.name);
    if (event.type === 'stage-finished') this.#stages.delete(event.stage.name);
  }

  /** `rollback`, `test and build`; empty between two stages. */
  get text(): string {
    return [...this.#stages].join(' and ');
  }

  async close(): Promise<void> {}
}
