import { posix } from 'node:path';
import { HomeportError } from '../deployment/error.ts';
import { utcStamp } from '../deployment/ids.ts';
import { printable } from '../hosts/printable.ts';
import type { BackupRecord, DatabaseContext, DatabaseTarget, RestoreResult } from './database.ts';
import { explain } from './explain.ts';
import { checkUntouched, compareRows, totalRows } from './record.ts';
import { inspectContainers, mounts } from './sqlite-place.ts';
import { type OpenPlace, openPlace, runOnHost } from './sqlite-runner.ts';

/** See `DatabaseKind.restore`. The containers that mount the file stand still only while it is renamed. */
export async function restoreSqlite(
  target: DatabaseTarget,
  record: BackupRecord,
  context: DatabaseContext,
): Promise<RestoreResult> {
  await checkUntouched(context.host, record);
  const { rows } = await runOnHost(target, 'verify', [record.file, 'full'], context);
  compareRows(record.rows, rows, 'in the backup file');
  const place = await openPlace(target, context);
  const stamp = utcStamp(new Date());
  const fresh = `${place.database}.homeport-restore-${stamp}`;
  const before = `.homeport-before-${stamp}`;
  // Once something is stopped nothing is cancelled any more: it is brought to its end, or back.
  const calm = { folder: posix.dirname(record.file), context: { ...context, signal: new AbortController().signal } };
  try {
    await stage(target, place, record, fresh, context);
    context.say(`${target.service}: ${totalRows(rows)} rows are ready, putting them in place`);
    const swap = async () => await place.run('swap', [fresh, place.database, `${place.database}${before}`], calm);
    const { moved } = await whileStopped(target, place, calm.context, swap);
    const [kept, ...logs] = moved.map((suffix) => `${place.hostPath}${before}${suffix}`);
    if (kept === undefined) return { kept: null, removeCommand: null, rows };
    const remove = [...(place.ours ? [] : ['sudo']), 'rm', '--', kept, ...logs];
    return { kept, removeCommand: printable(remove), rows };
  } catch (error) {
    await place.run('remove', [fresh], calm).catch(() => {});
    throw error;
  }
}

/** The same bytes beside the database: what was proven of the backup file holds for the copy too. */
async function stage(
  target: DatabaseTarget,
  place: OpenPlace,
  record: BackupRecord,
  fresh: string,
  context: DatabaseContext,
): Promise<void> {
  context.say(`${target.service}: copying the backup beside ${target.database}`);
  const paths = [place.ofBackups(record.file), fresh, place.database];
  const { sha256 } = await place.run('stage', paths, { folder: posix.dirname(record.file) });
  if (sha256 === record.sha256) return;
  throw new HomeportError(`The copy of ${record.file} beside the database differs from it. Nothing was changed.`, {
    hint: 'The disk of the database may be failing: look at `dmesg`.',
  });
}

/** Stops the project's containers that have the file mounted, and starts them again whatever happens in between. */
async function whileStopped<T>(
  target: DatabaseTarget,
  place: OpenPlace,
  context: DatabaseContext,
  work: () => Promise<T>,
): Promise<T> {
  const users = await runningUsers(target, place, context);
  try {
    if (users.length > 0) await docker(['stop', ...users], 'stopped', context);
    return await work();
  } finally {
    if (users.length > 0)
      await docker(['start', ...users], `started again after the work on ${target.database}`, context);
  }
}

/** The containers of the same Compose project that run with the file in one of their mounts. */
async function runningUsers(target: DatabaseTarget, place: OpenPlace, context: DatabaseContext): Promise<string[]> {
  const project = place.container.Config.Labels?.['com.docker.compose.project'];
  if (project === undefined) return place.container.State.Running ? [place.container.Id] : [];
  const filter = `label=com.docker.compose.project=${project}`;
  const argv = ['docker', 'ps', '--quiet', '--no-trunc', '--filter', filter] as const;
  const listed = await context.host.exec(argv, { timeout: 30_000, record: false });
  if (listed.outcome !== 'success')
    throw explain(listed, `The containers beside ${target.service} could not be listed`);
  const containers = await inspectContainers(
    listed.stdout.split('\n').filter((id) => id !== ''),
    context,
  );
  return containers.filter((one) => one.State.Running && mounts(one, place.hostPath)).map((one) => one.Id);
}

async function docker(words: readonly string[], what: string, context: DatabaseContext): Promise<void> {
  const result = await context.host.exec(['docker', ...words], { timeout: 120_000, changes: true });
  if (result.outcome !== 'success') {
    throw explain(result, `The containers that use the database could not be ${what}`, 'Look at `docker ps --all`.');
  }
}
