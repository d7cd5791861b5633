import { posix } from 'node:path';
import { CancelledError, HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseTarget } from './database.ts';
import { explain } from './explain.ts';
import { errorCode } from './sqlite-told.ts';

/** What people read about an operation that did not end well. */
export function refusal(target: DatabaseTarget, path: string, result: ExecResult): HomeportError {
  const file = `${posix.basename(path)} of ${target.service}`;
  switch (errorCode(result)) {
    case 'missing':
      return missingDatabase(target);
    case 'empty':
      return new HomeportError(`The SQLite database ${file} is empty (0 bytes): there is nothing to back up yet.`, {
        hint: 'Start the service once, so that it makes its tables.',
      });
    case 'not-a-database':
      return new HomeportError(`${file} is not an SQLite database, or it is encrypted.`, {
        hint: 'Check `path:` under `backup:`.',
      });
    case 'busy':
      return new HomeportError(`The SQLite database ${file} stayed locked for 30 s.`, {
        hint: 'A writer holds it for long; WAL mode (`PRAGMA journal_mode=WAL`) lets a backup read beside writers.',
      });
    case 'damaged':
      return new HomeportError(`${file} is damaged: ${lastLine(result.stderr)}`, {
        hint: 'Restore the last verified backup with `homeport restore`.',
        excerpt: result.tail,
      });
    case 'full':
      return new HomeportError(`${file}: the disk is full.`, { hint: 'Make room (`df -h`), or lower `backup-keep`.' });
    case 'denied':
      return new HomeportError(`${file} may not be read and written: ${lastLine(result.tail)}`, {
        hint: 'Mount its volume writable, and let Homeport run as root or as the owner of the file.',
      });
    default:
      return result.outcome === 'cancelled'
        ? new CancelledError(`The work on ${file} was cancelled.`, 'Nothing was changed; run it again when you like.')
        : explain(result, `${file} could not be worked with`);
  }
}

export function missingDatabase(target: DatabaseTarget): HomeportError {
  return new HomeportError(`There is no database file at ${target.path} in ${target.service} yet.`, {
    hint: 'Start the service once, so that it makes the file, or correct `path:` under `backup:`.',
  });
}

function lastLine(text: string): string {
  return text.trimEnd().split('\n').at(-1) ?? '';
}
