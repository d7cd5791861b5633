import { type PostgresClient, runSql } from './postgres-client.ts';
import { onceItAnswers, said } from './server-down.ts';

/**
 * A database of the server to work from, once it answers: a moment after a start or a crash it doesn't yet. `other`: not
 * the target's own, which is to be renamed. `patience` in milliseconds. Throws `HomeportError`.
 */
export async function serverOf(client: PostgresClient, which: 'any' | 'other', patience: number): Promise<string> {
  return await onceItAnswers(() => firstThatAnswers(client, which), {
    isOnItsWay,
    patience,
    signal: client.context.signal,
  });
}

async function firstThatAnswers(client: PostgresClient, which: 'any' | 'other'): Promise<string> {
  const { database, service } = client.target;
  const others = ['postgres', 'template1'].filter((name) => name !== database);
  let refusal: unknown;
  for (const name of which === 'any' ? [...others, database] : others) {
    try {
      await runSql(client, name, 'SELECT 1;', `PostgreSQL of ${service} does not let us in`);
      return name;
    } catch (error) {
      refusal = error;
    }
  }
  throw refusal;
}

function isOnItsWay(error: unknown): boolean {
  const server =
    'starting up|shutting down|in recovery mode|not yet accepting connections|server closed the connection';
  const socket = 'No such file or directory|Connection refused|Cannot connect to the Docker daemon';
  return said(error, new RegExp(`${server}|${socket}`));
}
