import { getState, saveState } from '@actions/core';

/** What the `post` step must know: written before anything is changed, so that it is there whatever becomes of us. */
export function saveBegun(project: string): void {
  saveState('project', project);
}

/** The deployment ended by itself, whatever came out: nothing is left for `post`. */
export function saveEnded(): void {
  saveState('ended', 'true');
}

/** The project of a deployment that was begun and never ended; `null` when `post` has nothing to do. */
export function leftUnfinished(): string | null {
  const project = getState('project');
  return project === '' || getState('ended') !== '' ? null : project;
}
