import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError } from '../deployment/error.ts';
import { type PostgresClient, runSql } from './postgres-client.ts';

/** Milliseconds in which a server that was killed, or whose engine was, has to be there again. */
export const longestReturn = 60_000;
/** Milliseconds for a container that is started again after it was killed. */
const startsAgain = 5000;

/**
 * A database of the server to work from, once it answers: a moment after a start or a crash it doesn't yet. `other`: not
 * the target's own, which is to be renamed. `patience` in milliseconds. Throws `HomeportError`.
 */
export async function serverOf(client: PostgresClient, which: 'any' | 'other', patience: number): Promise<string> {
  const begin = performance.now();
  for (;;) {
    try {
      return await firstThatAnswers(client, which);
    } catch (error) {
      const limit = isDown(error) ? Math.min(startsAgain, patience) : isOnItsWay(error) ? patience : 0;
      if (performance.now() - begin >= limit) throw error;
      await sleep(200, undefined, { signal: client.context.signal }).catch(() => {});
    }
  }
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

/** Whether the container is there but doesn't run: the server has neither sessions nor processes then. */
export function isDown(error: unknown): boolean {
  return said(error, /container \S+ is (not running|restarting|paused)|stopped container|container that has stopped/i);
}

function isOnItsWay(error: unknown): boolean {
  const server =
    'starting up|shutting down|in recovery mode|not yet accepting connections|server closed the connection';
  const socket = 'No such file or directory|Connection refused|Cannot connect to the Docker daemon';
  return said(error, new RegExp(`${server}|${socket}`));
}

function said(error: unknown, words: RegExp): boolean {
  return error instanceof HomeportError && words.test(`${error.message}\n${error.excerpt ?? ''}`);
}
