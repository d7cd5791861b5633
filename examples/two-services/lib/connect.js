import { createClient } from '@redis/client';
import { createConnection, createPool } from 'mysql2/promise';

const server = {
  host: process.env.DB_HOST ?? 'db',
  user: process.env.DB_USER ?? 'shop',
  password: process.env.DB_PASSWORD,
  database: process.env.DB_NAME ?? 'shop',
  connectTimeout: 5000,
};

/** Connections as they are needed; one that broke is replaced. */
export function openDatabase() {
  return createPool({ ...server, connectionLimit: 5 });
}

/** One connection, for what needs a session of its own. */
export function connectDatabase() {
  return createConnection(server);
}

export async function openRedis() {
  const redis = createClient({
    url: process.env.REDIS_URL ?? 'redis://cache:6379',
    // Without Redis a request is answered with an error, and doesn't wait until it is back.
    disableOfflineQueue: true,
  });
  redis.on('error', (error) => console.error('Redis:', error.message));
  await redis.connect();
  return redis;
}
