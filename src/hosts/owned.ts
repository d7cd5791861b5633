import { setTimeout as sleep } from 'node:timers/promises';
import { HomeportError } from '../deployment/error.ts';
import type { Host } from './host.ts';

/** Every command that Homeport starts says by this variable which deployment it works for. */
export const ownerVariable = 'HOMEPORT_OWNER';

/** Milliseconds that a process has to go by itself. */
const patience = 5000;
/** Milliseconds until we give up on processes that not even SIGKILL ends. */
const longest = 60_000;

/**
 * Prints the processes whose environment holds the entry `$1`, without those that led to this one. One `grep` for all:
 * a machine may run thousands. `status` and not `stat`: a process may have any name, and only there it is escaped.
 * Where none is found it looks again: a process may have started another one and ended meanwhile.
 */
const search = `
mine=' ' process=$$
while [ "\${process:-0}" -gt 0 ] && [ -r "/proc/$process/status" ]; do
  mine="$mine$process " parent=0
  while read -r key value; do
    if [ "$key" = PPid: ]; then parent=$value; break; fi
  done <"/proc/$process/status"
  process=$parent
done
look() {
  for file in $(grep -lzsFx -e "$1" /proc/[0-9]*/environ); do
    process=\${file#/proc/} process=\${process%/environ}
    case $mine in *" $process "*) ;; *) echo "$process" ;; esac
  done
}
found=$(look "$1")
[ -n "$found" ] || found=$(look "$1")
echo "$found"
`;

/**
 * The IDs of the processes on the host that work for this owner, except our own process and its ancestors. Without being
 * root only those of this user are seen. Throws `HomeportError` when the host can't tell.
 */
export async function ownedProcesses(host: Host, owner: string): Promise<number[]> {
  // For `grep`, each line is a pattern of its own, and no variable at all would be everybody's.
  if (owner === '' || /[\n\0]/.test(owner)) throw new Error(`not an owner: ${JSON.stringify(owner)}`);
  // The search itself may work for the same owner: it goes without the variable.
  const clean = ['env', '-u', ownerVariable, 'LC_ALL=C'] as const;
  const result = await host.exec([...clean, 'sh', '-c', search, 'homeport', `${ownerVariable}=${owner}`], {
    timeout: 30_000,
    record: false,
  });
  if (result.outcome !== 'success' || result.stderr !== '') {
    throw new HomeportError(`The processes of this host could not be searched: ${result.tail}`, {
      hint: 'Install GNU grep and coreutils, and see that /proc is mounted; then run this again.',
    });
  }
  return result.stdout.split('\n').filter(Boolean).map(Number);
}

/**
 * Stops every process on the host that works for this owner: asks it to end, insists after five seconds, and waits until
 * none is left. Gives how many there were. Throws `HomeportError` when some can't be stopped.
 */
export async function stopOwned(host: Host, owner: string): Promise<number> {
  const begin = performance.now();
  const asked = new Map<number, number>();
  for (;;) {
    const left = await ownedProcesses(host, owner);
    if (left.length === 0) return asked.size;
    const now = performance.now();
    if (now - begin > longest) throw unstoppable(left);
    // Once only: for many programs a second SIGTERM means to leave everything as it is.
    const fresh = left.filter((process) => !asked.has(process));
    for (const process of fresh) asked.set(process, now);
    await signal(host, 'TERM', fresh);
    await signal(
      host,
      'KILL',
      left.filter((process) => now - (asked.get(process) ?? now) >= patience),
    );
    await sleep(fresh.length > 0 ? 20 : 100);
  }
}

async function signal(host: Host, name: 'TERM' | 'KILL', processes: readonly number[]): Promise<void> {
  if (processes.length === 0) return;
  // One that has gone in between is no failure.
  const script = 'name=$1; shift; kill -s "$name" "$@" 2>/dev/null; exit 0';
  await host.exec(['sh', '-c', script, 'homeport', name, ...processes.map(String)], { timeout: 30_000, record: false });
}

function unstoppable(processes: readonly number[]): HomeportError {
  const which = `${processes.length === 1 ? 'process' : 'processes'} ${processes.join(', ')}`;
  return new HomeportError(`What a killed deployment left running can not be stopped: ${which}.`, {
    hint: 'They belong to another user, or wait for a disk or a network share. End them, or restart the machine.',
  });
}
