import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { Readable } from 'node:stream';
import type { ParsedTarEntry } from 'modern-tar';
import { HomeportError, messageOf } from '../deployment/error.ts';
import { scriptWords } from './helper-container.ts';

/**
 * The words and the environment of a script that runs `tar`. Owners are numbers: another version of the image may have
 * other names. GNU tar is told by the environment, for that of BusyBox knows no such option, and does so anyway.
 */
export function tarScript(script: string, ...args: string[]): ReturnType<typeof scriptWords> {
  const { words, env } = scriptWords(script, ...args);
  return { words, env: { ...env, TAR_OPTIONS: '--numeric-owner' } };
}

/** What an archive holds. */
export interface TarContents {
  /** By path: kind, mode, owner, and what is in it. The times are left out, for not every `tar` puts those of folders back. */
  readonly entries: ReadonlyMap<string, string>;
  readonly files: number;
}

/**
 * Reads a whole tar archive. Throws `HomeportError` for one that is damaged or was cut: it has an end of its own, and
 * each header a checksum.
 */
export async function readTar(source: Readable): Promise<TarContents> {
  const entries = new Map<string, string>();
  let files = 0;
  // Few commands need it.
  const { createTarDecoder } = await import('modern-tar');
  try {
    const decoder = createTarDecoder({ strict: true });
    for await (const entry of Readable.toWeb(source).pipeThrough(decoder) as AsyncIterable<ParsedTarEntry>) {
      const { header } = entry;
      const contents = await digestOf(entry.body);
      // The folder itself, which not every archive has.
      if (pathOf(header.name) === '/') continue;
      const isFile = header.type === 'file' || header.type === 'link';
      if (isFile) files += 1;
      // Which name of a file with several comes first is up to the file system.
      const linked = header.type === 'link' ? entries.get(pathOf(header.linkname ?? '')) : undefined;
      const mode = (header.mode ?? 0).toString(8);
      const told = `${header.type} ${mode} ${header.uid}:${header.gid} ${header.linkname ?? ''} ${contents}`;
      entries.set(pathOf(header.name), linked ?? told);
    }
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw error;
    throw new HomeportError(`The archive can't be read to its end: ${messageOf(error)}`, {
      hint: 'This is no backup to rely on. Run `homeport backup` again, and look at the disk of that folder.',
      cause: error,
    });
  }
  return { entries, files };
}

/** Throws `HomeportError` naming the first paths that differ. `where` ends the sentence: `in the backup`. */
export function compareTars(expected: TarContents, found: TarContents, where: string): void {
  const paths = [...new Set([...expected.entries.keys(), ...found.entries.keys()])];
  const different = paths.filter((path) => expected.entries.get(path) !== found.entries.get(path)).sort();
  if (different.length === 0) return;
  const more = different.length > 3 ? ` and ${different.length - 3} more` : '';
  throw new HomeportError(`Files differ ${where}: ${different.slice(0, 3).join(', ')}${more}.`, {
    hint: 'This is no backup to rely on. Run `homeport backup` again; if it stays so, look at the disk of the volume.',
  });
}

/** `./a`, `a` and `a/` are one path. */
function pathOf(name: string): string {
  return posix.join('/', name).replace(/(?<=.)\/$/, '');
}

async function digestOf(body: ReadableStream<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}
