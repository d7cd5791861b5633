import { setTimeout as sleep } from 'node:timers/promises';
import { ask } from './postgres.ts';
import { release } from './release.ts';

const server = { host: 'db', port: 5432, database: 'app' };

for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));

const beat = `INSERT INTO heartbeats (release, at) VALUES (${release}, now())
  ON CONFLICT (release) DO UPDATE SET at = now()`;
for (;;) {
  // The database may be on its way back.
  await ask(server, beat, 2000).catch(() => {});
  await sleep(2000);
}
