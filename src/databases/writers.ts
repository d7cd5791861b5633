import type { DatabaseTarget } from './database.ts';

/**
 * The services that may write into the databases: all but the servers themselves. One that has an SQLite database writes
 * into it. Sorted, each once.
 */
export function writersOf(
  services: readonly string[],
  databases: readonly { readonly target: Pick<DatabaseTarget, 'kind' | 'service'> }[],
): string[] {
  const servers = new Set(
    databases.filter(({ target }) => target.kind !== 'sqlite').map(({ target }) => target.service),
  );
  return [...new Set(services)].filter((service) => !servers.has(service)).sort();
}
