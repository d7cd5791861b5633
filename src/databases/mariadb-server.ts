import { describe, type ServerDescription } from './mariadb-catalog.ts';
import type { MariadbClient } from './mariadb-client.ts';
import { longestReturn, onceItAnswers, said } from './server-down.ts';

/** What the server is, once it answers. Throws `HomeportError`. */
export async function serverOf(client: MariadbClient): Promise<ServerDescription> {
  const { signal, timeout } = client.context;
  const patience = Math.min(timeout, longestReturn);
  return await onceItAnswers(() => describe(client), { isOnItsWay, patience, signal });
}

function isOnItsWay(error: unknown): boolean {
  return said(
    error,
    /\b(2002|2006|2013|1053)\b|Can't connect to (local|MySQL) server|Lost connection|gone away|Cannot connect to the Docker daemon/i,
  );
}
