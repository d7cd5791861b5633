import type { BackupRecord } from '../databases/database.ts';
import { databaseKinds } from '../databases/kinds.ts';
import { readRecord } from '../databases/record.ts';
import { databaseNow } from '../databases/running-now.ts';
import { utcStamp } from '../deployment/ids.ts';
import type { Release } from '../deployment/release.ts';
import type { StageContext } from '../deployment/stage.ts';
import { awaitReady } from '../platforms/compose/watch.ts';
import { expectationOf } from './start.ts';
import { startPatiently } from './start-patiently.ts';
import { stopWriters } from './stop-writers.ts';

/**
 * Going back from a migration with `rollback-database`: nothing writes any more, the servers run as the release before has
 * them, and each gets the backup that was made after the writers had stopped. What the migration made of a database is
 * kept beside it. Throws `HomeportError`.
 */
export async function putDatabasesBack(
  context: StageContext,
  release: Release,
  others: readonly Release[],
): Promise<void> {
  const { facts, host } = context;
  if (!facts.migrated || facts.restoreOnRollback.length === 0) return;
  const records = await Promise.all(facts.restoreOnRollback.map((file) => readRecord(host, file)));
  await context.change('stop-writers', 'back', () => stopWriters(context));
  const servers = [
    ...new Set(records.filter(({ kind }) => databaseKinds[kind]?.isServer).map(({ service }) => service)),
  ];
  if (servers.length > 0) {
    await context.change('up-databases', 'back', () => startPatiently(context, release, others, servers));
    const replicas = Object.fromEntries(servers.map((name) => [name, release.services[name]?.replicas ?? 1]));
    const expected = { ...expectationOf(release, facts), replicas };
    await context.during(() => awaitReady(context, expected, context.request['start-timeout']));
  }
  for (const record of records) await putBack(context, record);
  facts.migrated = false;
}

async function putBack(context: StageContext, record: BackupRecord): Promise<void> {
  const { facts, host, signal, say } = context;
  const { kind, target } = await databaseNow(context, record);
  const stamp = utcStamp(new Date());
  const work = { host, signal, timeout: context.remaining(), say };
  const result = await context.change('restore', 'back', () => kind.restore(target, record, stamp, work), {
    restoring: { file: record.file, stamp },
    databases: [target],
  });
  facts.restoreOnRollback = facts.restoreOnRollback.filter((file) => file !== record.file);
  const kept = result.kept === null ? [] : [`${record.service}: ${result.kept} (${result.removeCommand})`];
  facts.details = {
    ...facts.details,
    restored: [...listed(facts.details.restored), record.file],
    kept_databases: [...listed(facts.details.kept_databases), ...kept],
  };
  say(`${record.service}: ${record.database} is as it was when the writers had stopped`);
}

function listed(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
