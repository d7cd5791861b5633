import type { DatabaseTarget } from './database.ts';
import { databaseKinds } from './kinds.ts';

/**
 * The services that may write into the databases: all but the servers themselves. One whose data is in files of its own
 * writes into them. Sorted, each once.
 */
export function writersOf(
  services: readonly string[],
  databases: readonly { readonly target: Pick<DatabaseTarget, 'kind' | 'service'> }[],
): string[] {
  const servers = new Set(
    databases.filter(({ target }) => databaseKinds[target.kind]?.isServer).map(({ target }) => target.service),
  );
  return [...new Set(services)].filter((service) => !servers.has(service)).sort();
}
