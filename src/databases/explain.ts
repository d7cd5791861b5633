import { CancelledError, HomeportError } from '../deployment/error.ts';
import type { ExecResult } from '../hosts/host.ts';
import { formatDuration } from '../request/units.ts';

/** What people read about a client program that did not end well. */
export function explain(result: ExecResult, what: string, hint?: string): HomeportError {
  const lines = result.tail.split('\n').filter((line) => line.trim() !== '');
  // The clients print the reason first and details after it; everything else ends with its reason.
  const reason =
    lines.find((line) => /\b(error|fatal|panic):/i.test(line)) ?? lines.at(-1) ?? `exit code ${result.exitCode}`;
  switch (result.outcome) {
    case 'cancelled':
      return new CancelledError(`${what}: cancelled.`, 'Nothing is left over; run it again when you like.');
    case 'timeout':
      return new HomeportError(`${what}: not done after ${formatDuration(result.durationMs / 1000)}.`, {
        hint: 'Raise `timeout`, or see in the log of the database what holds it up.',
        excerpt: result.tail,
      });
    case 'not-found':
      return new HomeportError(`${what}: there is no \`docker\` command on this host.`, {
        hint: 'Install the Docker CLI, or put it on the PATH of the user who deploys.',
      });
    default:
      if (/ENOSPC|no space left on device/i.test(result.tail)) {
        return new HomeportError(`${what}: the disk is full.`, {
          hint: 'Make room where the state folder and the database are (`df -h`), or lower `backup-keep`.',
          excerpt: result.tail,
        });
      }
      return new HomeportError(`${what}: ${reason}`, {
        hint: hint ?? 'Look at the log of the database (`docker compose logs`).',
        excerpt: result.tail,
      });
  }
}

/** An error of writing a backup into `folder`: a full disk in words, any other as it is. */
export function explainFullDisk(error: unknown, folder: string): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code !== 'ENOSPC' && code !== 'EDQUOT') return error;
  return new HomeportError(`The backup could not be written: the disk of ${folder} is full.`, {
    hint: 'Make room there (`df -h`), or lower `backup-keep`.',
    cause: error,
  });
}
