import { resolve } from 'node:path';
import type { HostFiles } from '../hosts/host.ts';
import type { Redactor } from '../hosts/redactor.ts';
import { readEnvFiles } from '../request/env-files.ts';
import { namedSecrets } from '../request/named-secrets.ts';
import type { Request } from '../request/schema.ts';
import { secretValues } from '../request/secret-values.ts';
import { textOrNull } from '../request/text-or-null.ts';
import type { Places } from './places.ts';
import { listReleases, readEnvironment } from './release.ts';

/**
 * Hides what is secret before anything is printed: of the request, and by the variables' names of our own environment (a
 * failing test may print all of it) and of the env files.
 */
export async function hideSecrets(redactor: Redactor, request: Request): Promise<void> {
  const inFiles = await readEnvFiles({
    files: request['env-file'],
    workingDirectory: resolve(request['working-directory']),
    lookup: (name) => request.secrets[name] ?? process.env[name],
    readText: textOrNull,
  });
  const named = [process.env, Object.fromEntries(inFiles)].flatMap(namedSecrets);
  for (const secret of [...secretValues(request), ...named]) redactor.add(secret);
}

/**
 * Hides the secrets that are recorded with releases: a rollback brings them back, and the containers of an earlier
 * release may print what was a secret then. What can't be read is for those to tell who need it.
 */
export async function hideRecorded(redactor: Redactor, files: HostFiles, places: Places): Promise<void> {
  const releases = await listReleases(files, places).catch(() => []);
  const recorded = await Promise.all(releases.map(({ id }) => readEnvironment(files, places, id).catch(() => ({}))));
  for (const secret of recorded.flatMap((environment) => Object.values(environment))) redactor.add(secret);
}
