import { randomBytes } from 'node:crypto';
import type { Writable } from 'node:stream';
import { HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseCommands, DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { stopProcesses } from './marked-processes.ts';

/** One of the user's commands, in the service's container with the environment that it has there. */
export async function runUserCommand(
  target: DatabaseTarget,
  which: keyof DatabaseCommands,
  streams: { readonly file: string } | { readonly output: Writable },
  context: DatabaseContext,
): Promise<ExecResult> {
  const { host, timeout, signal } = context;
  const marker = `homeport_${randomBytes(8).toString('hex')}`;
  const command = commandsOf(target)[which];
  const argv = ['docker', 'exec', '-i', '-e', `HOMEPORT_RUN=${marker}`, target.container, 'sh', '-c', command] as const;
  const io = 'file' in streams ? { input: { file: streams.file } } : { output: streams.output };
  const result = await host.exec(argv, { ...io, timeout, signal, changes: true });
  if (result.outcome === 'success') return result;
  // Whoever ends the client of Docker does not end what runs in the container.
  await stopProcesses(target, marker, { ...context, signal: new AbortController().signal });
  throw explain(
    result,
    `\`${which}\` of ${target.service} failed`,
    `Run it by hand: \`docker exec -i ${target.container} sh -c '…'\` with the command under \`backup:\`.`,
  );
}

/**
 * Has the user's `check` read a dump; gives what it counted: lines of a name and a whole number, of which a name may have
 * blanks. Throws `HomeportError` where it does not end well.
 */
export async function checkDump(
  target: DatabaseTarget,
  file: string,
  context: DatabaseContext,
): Promise<Record<string, number>> {
  const { stdout } = await runUserCommand(target, 'check', { file }, context);
  return parseCounts(stdout);
}

export function parseCounts(text: string): Record<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.split('\n')) {
    const [, name, digits] = /^\s*(\S.*?)\s+(\d{1,15})\s*$/.exec(line) ?? [];
    if (name !== undefined) counts.set(name, Number(digits));
  }
  return Object.fromEntries(counts);
}

function commandsOf(target: DatabaseTarget): DatabaseCommands {
  if (target.commands !== undefined) return target.commands;
  throw new HomeportError(`Nobody says how ${target.database} of ${target.service} is dumped and restored.`, {
    hint: `Name it: \`backup: [{service: ${target.service}, kind: command, command: {dump, restore, check}}]\`.`,
  });
}
