import { messageOf, type Say } from '../machine/commands.ts';

interface Step {
  what: string;
  undo(): Promise<void>;
}

/** What is to be undone at the end, however the end comes: the last first. */
export class Cleanup {
  readonly #steps: Step[] = [];

  add(what: string, undo: () => Promise<void>): void {
    this.#steps.push({ what, undo });
  }

  /** Undoes all of it; what fails is said, and doesn't keep the rest from being undone. */
  async run(say: Say): Promise<{ hasUndone: boolean; isClean: boolean }> {
    const hasUndone = this.#steps.length > 0;
    let isClean = true;
    for (let step = this.#steps.pop(); step !== undefined; step = this.#steps.pop()) {
      try {
        await step.undo();
      } catch (error) {
        isClean = false;
        say(`Could not remove ${step.what}: ${messageOf(error)}`);
      }
    }
    return { hasUndone, isClean };
  }
}
