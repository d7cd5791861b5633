import { z } from 'zod';
import type { Host } from '../hosts/host.ts';
import { tryParseJson } from '../request/parse-json.ts';

const holder = z.object({
  /** The command and the deployment's ID. */
  what: z.string(),
  who: z.string(),
  /** ISO 8601. */
  since: z.string(),
  commit: z.string().nullable(),
  runUrl: z.string().nullable(),
  /** What every command that it starts has as `HOMEPORT_OWNER`. */
  owner: z.string(),
});
/** Who holds a project. */
export type Holder = Readonly<z.infer<typeof holder>>;

const processMark = z.object({
  pid: z.int().positive(),
  /** When it started, in the kernel's ticks: a later process may get the same ID. */
  start: z.string(),
  /** IDs and ticks begin anew with each boot. */
  boot: z.string(),
  /** A container has IDs of its own, which say nothing outside of it. */
  namespace: z.string(),
});
/** One process of one machine, never to be mistaken for a later one. */
export type ProcessMark = Readonly<z.infer<typeof processMark>>;

const held = z.object({ version: z.literal(1), holder, process: processMark });
/** A holder with the process that holds. */
export type HeldBy = Holder & { readonly process: ProcessMark };

/** The lock file's text: lines for people, then one for the next Homeport. */
export function formatHolder(who: Holder, process: ProcessMark): string {
  const lines = [
    who.what,
    who.who,
    ...(who.commit === null ? [] : [`commit ${who.commit}`]),
    // The action's `who` tells it already.
    ...(who.runUrl === null || who.who.includes(who.runUrl) ? [] : [`run ${who.runUrl}`]),
    `since ${who.since}`,
    `process ${process.pid}`,
    JSON.stringify({ version: 1, holder: who, process } satisfies z.infer<typeof held>),
  ];
  return lines.map((line) => `${line.replaceAll(/[\r\n]+/g, ' ')}\n`).join('');
}

/** `null` for a text that is empty, torn, or of another version: then nobody knows. */
export function parseHolder(text: string): HeldBy | null {
  const line = text.split('\n').at(-2) ?? '';
  const parsed = held.safeParse(tryParseJson(line));
  return parsed.success ? { ...parsed.data.holder, process: parsed.data.process } : null;
}

/** The lines for people of a lock file's text, whatever wrote it. */
export function linesForPeople(text: string): string[] {
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('{'));
}

/** This very process. */
export async function thisProcess(host: Host): Promise<ProcessMark> {
  return {
    pid: process.pid,
    start: (await startOf(host, process.pid)) ?? '',
    ...(await placeOf(host)),
  };
}

/** False only when it is certain that this process has ended: one that can't be seen from here counts as alive. */
export async function isAlive(host: Host, { process }: { readonly process: ProcessMark }): Promise<boolean> {
  const here = await placeOf(host);
  if (here.boot === '' || here.namespace === '') return true;
  if (process.boot !== here.boot) return false;
  if (process.namespace !== here.namespace) return true;
  return (await startOf(host, process.pid)) === process.start;
}

async function placeOf(host: Host): Promise<Pick<ProcessMark, 'boot' | 'namespace'>> {
  const boot = await host.files.readText('/proc/sys/kernel/random/boot_id');
  return { boot: boot?.trim() ?? '', namespace: (await host.files.readLink('/proc/self/ns/pid')) ?? '' };
}

/** `null` when there is no such process; one that only waits for its parent to notice its end is none either. */
async function startOf(host: Host, pid: number): Promise<string | null> {
  const stat = await host.files.readText(`/proc/${pid}/stat`).catch((error: unknown) => {
    // It ended while it was read.
    if (error instanceof Error && 'code' in error && error.code === 'ESRCH') return null;
    throw error;
  });
  if (stat === null) return null;
  // The name stands in parentheses, and may hold any itself: fields 3 and following come after the last one.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state] = fields;
  return state === 'Z' || state === 'X' ? null : (fields[19] ?? null);
}
