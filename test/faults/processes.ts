import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** A process of this PID namespace; those inside containers are seen too. */
export interface Process {
  readonly pid: number;
  readonly parent: number;
  /** `Z` is one that is only waited for. */
  readonly state: string;
  readonly name: string;
  readonly command: string;
  /** In a PID namespace of its own: it belongs to a container. */
  readonly contained: boolean;
}

export function listProcesses(): Process[] {
  const own = namespaceOf('self');
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => processOf(name, own));
}

function processOf(pid: string, own: string | null): Process[] {
  const stat = read(`/proc/${pid}/stat`);
  // The name stands in brackets, and may have brackets and blanks of its own.
  const [, name, state, parent] = /^\d+ \((.*)\) (\S) (\d+) /s.exec(stat) ?? [];
  if (name === undefined || state === undefined) return [];
  const command = read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ').trim();
  const namespace = namespaceOf(pid);
  const contained = namespace !== null && namespace !== own;
  return [{ pid: Number(pid), parent: Number(parent), state, name, command, contained }];
}

/** The process and all that it started, as far as their parents still live. */
export function treeOf(root: number): Process[] {
  const all = listProcesses();
  const found = all.filter(({ pid }) => pid === root);
  for (const one of found) found.push(...all.filter(({ parent }) => parent === one.pid));
  return found;
}

/** Variables of a process's environment; empty when it is gone. */
export function environmentOf(pid: number): string[] {
  return read(`/proc/${pid}/environ`).split('\0');
}

/** Sends a signal; whoever is gone already is fine. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended just now.
  }
}

/** Whether the process runs, or is stopped; a zombie does not. */
export function lives(pid: number): boolean {
  const state = processOf(String(pid), null)[0]?.state;
  return state !== undefined && state !== 'Z' && state !== 'X';
}

/** Whether the process was stopped by a signal and not yet continued. */
export function standsStill(pid: number): boolean {
  return processOf(String(pid), null)[0]?.state === 'T';
}

/** Waits until `isTrue`; false when that took longer than `timeoutMs`. */
export async function until(
  isTrue: () => boolean | Promise<boolean>,
  timeoutMs: number,
  everyMs = 10,
): Promise<boolean> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    if (await isTrue()) return true;
    if (performance.now() > end) return false;
    await sleep(everyMs);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function namespaceOf(pid: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/ns/pid`);
  } catch {
    return null;
  }
}
