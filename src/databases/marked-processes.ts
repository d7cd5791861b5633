import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';

/** The markers of all runs: as long as the project's lock is ours none of them is alive. */
export const anyRun = 'homeport_[0-9a-f]{16}';

/*
 * A `docker exec` whose client went away may go on in the container. $1 marks the processes; one that already ended, or
 * belongs to somebody else, is passed over.
 */
const stopMarked = [
  'for d in /proc/[0-9]*; do',
  'if tr "\\0" "\\n" < "$d/environ" 2>/dev/null | grep -Eqx "HOMEPORT_RUN=$1"; then kill -KILL "${d#/proc/}" 2>/dev/null; fi',
  'done; exit 0',
].join('\n');

/** Kills the processes in the container whose `HOMEPORT_RUN` matches. */
export async function stopProcesses(
  target: DatabaseTarget,
  markers: string,
  context: DatabaseContext,
): Promise<ExecResult> {
  const stop = ['docker', 'exec', target.container, 'sh', '-c', stopMarked, 'homeport', markers] as const;
  return await context.host.exec(stop, { timeout: 20_000, signal: context.signal, changes: true, record: false });
}
