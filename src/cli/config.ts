import { exitCodes } from '../deployment/error.ts';
import { effectiveKeys, renderEffective } from '../request/effective.ts';
import type { SettledRequest } from '../request/parse-request.ts';
import { secretVariable, sourceOfFlag } from '../request/read-flags.ts';

/** `homeport config`: the request that `homeport deploy` with these flags would be. Needs no Docker, changes nothing. */
export function showConfig(settled: SettledRequest, options: Readonly<Record<string, unknown>>, json: boolean): number {
  const keys = effectiveKeys(settled, (key) => {
    const from = sourceOfFlag(key, options);
    return { origin: from === secretVariable(key) ? 'environment' : 'flag', from };
  });
  const byKey = Object.fromEntries(keys.map(({ key, ...rest }) => [key, rest]));
  process.stdout.write(json ? `${JSON.stringify(byKey, null, 2)}\n` : renderEffective(keys));
  return exitCodes.success;
}
