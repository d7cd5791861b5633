import { join } from 'node:path';

/** Where everything of one project is on its host. */
export interface Places {
  readonly root: string;
  readonly lock: string;
  readonly journal: string;
  readonly current: string;
  readonly releases: string;
  readonly files: string;
  readonly backups: string;
  readonly logs: string;
  readonly reports: string;
  /** Data of `persistent-paths` that name no place of their own. */
  readonly persistent: string;
}

export function placesOf(stateDirectory: string, project: string): Places {
  const root = join(stateDirectory, project);
  return {
    root,
    lock: join(root, 'lock'),
    journal: join(root, 'journal.jsonl'),
    current: join(root, 'current'),
    releases: join(root, 'releases'),
    files: join(root, 'files'),
    backups: join(root, 'backups'),
    logs: join(root, 'logs'),
    reports: join(root, 'reports'),
    persistent: join(root, 'persistent'),
  };
}

export function releaseFolder(places: Places, release: string): string {
  return join(places.releases, release);
}

export function reportPath(places: Places, deployment: string): string {
  return join(places.reports, `${deployment}.json`);
}

/** The report of a deployment that is under way, or was killed. */
export function draftPath(places: Places, deployment: string): string {
  return join(places.reports, `${deployment}.draft`);
}
