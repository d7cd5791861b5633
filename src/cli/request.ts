import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { type SettledRequest, settleRequest } from '../request/parse-request.ts';
import { flagsToDoor, secretVariable } from '../request/read-flags.ts';
import { type Request, secretKeys } from '../request/schema.ts';
import { textOrNull } from '../request/text-or-null.ts';

/**
 * The request that flags, `HOMEPORT_*` and homeport.yml make together. Throws `InvalidRequestError` with all that is
 * wrong. Secrets leave this process's environment, so that no child inherits them.
 */
export async function requestFrom(
  command: Request['command'],
  options: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<Request> {
  return (await settledFrom(command, options, more)).request;
}

/** The same, with what it was made of. */
export async function settledFrom(
  command: Request['command'],
  options: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>>,
): Promise<SettledRequest> {
  const door = await flagsToDoor(options, process.env, (path) =>
    path === '-' ? readAll(process.stdin) : readFile(path, 'utf8'),
  );
  for (const key of secretKeys) delete process.env[secretVariable(key)];
  return await settleRequest({
    door: { ...door, ...more, command },
    doorName: 'flag',
    environment: process.env,
    readText: textOrNull,
  });
}
