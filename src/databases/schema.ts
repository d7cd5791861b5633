import { createHash } from 'node:crypto';
import { HomeportError } from '../deployment/error.ts';
import type { DatabaseSchema } from './database.ts';

/** sha256 of the descriptions of a schema's objects, in whatever order they come. */
export function digestOf(descriptions: readonly string[]): string {
  return createHash('sha256')
    .update([...descriptions].sort().join('\n'))
    .digest('hex');
}

/**
 * Throws `HomeportError` when a database does not have the schema of the record. `where` ends the sentence: `in the
 * restored backup`. A record that tells no schema (of Homeport 0.1.0) agrees with every one.
 */
export function compareSchema(expected: DatabaseSchema | undefined, found: DatabaseSchema, where: string): void {
  if (expected === undefined) return;
  const hint =
    'This is no backup to rely on. Run `homeport backup` again; if it stays so, look at the log of the database.';
  if (expected.version !== found.version) {
    const [is, was] = [found.version, expected.version].map((version) => version ?? 'unknown');
    throw new HomeportError(`The schema version differs ${where}: it is ${is} instead of ${was}.`, { hint });
  }
  if (expected.dialect !== found.dialect || expected.digest === found.digest) return;
  throw new HomeportError(
    `The schema differs ${where}: tables, columns, types, defaults, constraints or indexes are not those that were backed up.`,
    { hint },
  );
}
