import { join } from 'node:path';
import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import { tryParseJson } from '../request/parse-json.ts';
import { stemOf } from './backup-names.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';

/** How containers stand still while their files are read. */
export type Standstill = NonNullable<DatabaseTarget['while']>;

const commands = {
  paused: { hold: 'pause', letGo: 'unpause' },
  stopped: { hold: 'stop', letGo: 'start' },
} as const satisfies Record<Standstill, object>;

const heldSchema = z.object({ while: z.enum(['paused', 'stopped']), containers: z.array(z.string()) });

/**
 * Holds containers while the work is done, and lets them go whatever happens. Which they are is on the disk before, in
 * `<backup>.held`, for `letGoOfHeld`. Throws `HomeportError`.
 */
export async function whileHeld<T>(
  backup: string,
  how: Standstill,
  containers: readonly string[],
  context: DatabaseContext,
  work: () => Promise<T>,
): Promise<T> {
  if (containers.length === 0) return await work();
  const { files } = context.host;
  const file = `${backup}${heldExtension}`;
  await files.writeText(file, `${JSON.stringify({ while: how, containers })}\n`, 0o600);
  try {
    const held = await docker([commands[how].hold, ...containers], context);
    if (held.outcome !== 'success') {
      throw explain(
        held,
        `The containers that use the volume could not be ${how}`,
        "Look at `docker ps --all`; where the engine can't pause, ask for `while: stopped`.",
      );
    }
    return await work();
  } finally {
    await letGo(how, containers, context);
    await files.remove(file);
  }
}

/**
 * Lets go of what killed backups of a volume left paused or stopped; `folder` is that of the backups. Again and again is
 * fine. Throws `HomeportError`.
 */
export async function letGoOfHeld(target: DatabaseTarget, folder: string, context: DatabaseContext): Promise<void> {
  const { files } = context.host;
  const own = `${stemOf(target)}-`;
  for (const { name } of await files.list(folder)) {
    if (!name.startsWith(own) || !/^\d{8}T\d{6}Z(-\d+)?\.held$/.test(name.slice(own.length))) continue;
    const path = join(folder, name);
    const held = heldSchema.safeParse(tryParseJson((await files.readText(path)) ?? ''));
    if (held.success) await letGo(held.data.while, held.data.containers, context);
    await files.remove(path);
  }
}

const heldExtension = '.held';

/** One after the other: those that went away, or that somebody let go, must not keep the others. */
async function letGo(how: Standstill, containers: readonly string[], context: DatabaseContext): Promise<void> {
  const failed: string[] = [];
  for (const id of containers) {
    const result = await docker([commands[how].letGo, id], context);
    if (result.outcome === 'success' || /no such container|is not paused|is not running/i.test(result.tail)) continue;
    failed.push(`${id.slice(0, 12)} (${result.tail.split('\n').at(-1) ?? ''})`);
  }
  if (failed.length === 0) return;
  throw new HomeportError(`Containers are still ${how} after a backup of their volume: ${failed.join(', ')}`, {
    hint: `Run \`docker ${commands[how].letGo}\` for them; the next command tries it too.`,
  });
}

/** Never cancelled: a project that stands still is worse than a moment more. */
async function docker(words: readonly string[], { host }: DatabaseContext) {
  return await host.exec(['docker', ...words], { timeout: 120_000, changes: true });
}
