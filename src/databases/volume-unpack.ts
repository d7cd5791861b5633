import { PassThrough } from 'node:stream';
import type { InspectedContainer } from './containers.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { runBeside } from './helper-container.ts';
import { readTar, type TarContents, type tarScript } from './volume-tar.ts';

export interface Unpacking {
  /** Unpacks the archive from its standard input, and says what came of it as an archive. */
  readonly script: ReturnType<typeof tarScript>;
  /** The archive. */
  readonly file: string;
  /** Flags of `docker run`. */
  readonly volumes: readonly string[];
  /** What begins the sentence where it fails. */
  readonly what: string;
  readonly hint?: string;
}

/** What comes of an archive where the service's own image unpacks it. Throws `HomeportError`. */
export async function unpack(
  target: DatabaseTarget,
  container: InspectedContainer,
  { script, file, volumes, what, hint }: Unpacking,
  context: DatabaseContext,
): Promise<TarContents> {
  const { timeout, signal } = context;
  const seen = new PassThrough();
  const reading = readTar(seen);
  // Told by the command where that fails.
  reading.catch(() => {});
  const run = { env: script.env, input: { file }, output: seen, timeout, signal, volumes };
  const told = await runBeside(target, container, script.words, run, context);
  seen.end();
  if (told.outcome !== 'success') throw explain(told, what, hint);
  return await reading;
}
