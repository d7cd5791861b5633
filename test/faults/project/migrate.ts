import { ask } from './postgres.ts';
import { release } from './release.ts';

/*
 * Only ever adds, so that older code runs on it; and may be run again. Everything is one transaction, which takes a
 * moment, so that there is a middle in which it can be interrupted.
 */
const steps = `
  CREATE TABLE IF NOT EXISTS schema_versions (version int PRIMARY KEY);
  CREATE TABLE IF NOT EXISTS rows (id text PRIMARY KEY, at timestamptz NOT NULL DEFAULT now());
  CREATE TABLE IF NOT EXISTS heartbeats (release int PRIMARY KEY, at timestamptz NOT NULL);
  INSERT INTO schema_versions VALUES (${release}) ON CONFLICT DO NOTHING;
  SELECT pg_sleep(0.2)`;

await ask({ host: 'db', port: 5432, database: 'app' }, steps, 10_000);
if (process.env.BROKEN === 'migration') {
  console.error('this migration is meant to fail');
  process.exitCode = 1;
}
