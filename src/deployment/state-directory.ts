import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Request } from '../request/schema.ts';

/** `state-directory`, else `/var/lib/homeport` for root and the XDG state folder for others. */
export function stateDirectoryOf(request: Request, environment: Readonly<Record<string, string | undefined>>): string {
  if (request['state-directory'] !== undefined) return resolve(request['state-directory']);
  if (process.getuid?.() === 0) return '/var/lib/homeport';
  return join(environment.XDG_STATE_HOME || join(homedir(), '.local', 'state'), 'homeport');
}
