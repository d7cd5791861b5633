import { describe, expect, it } from 'vitest';
import { exitCodes } from '../../src/deployment/error.ts';
import { secretBuildArgs } from '../../src/deployment/secret-build-args.ts';
import { modelOf } from '../platforms/compose/support.ts';
import { request } from '../request/sources.ts';

const secret = 'not$to-be-seen';
const said = (more: Record<string, string> = {}) => request({ door: { secrets: `TOKEN='${secret}'`, ...more } });

describe('a secret in a build argument of the compose file', () => {
  const model = modelOf({
    web: {
      build: { args: { TOKEN: secret.replaceAll('$', '$$$$'), URL: `https://a:${secret}@example.org`, EMPTY: null } },
    },
    worker: { build: {} },
    db: { image: 'postgres:16' },
  });

  it('is refused with the names of all such arguments, and without the secret', async () => {
    const refusal = secretBuildArgs(await said(), model);
    expect(refusal?.message).toContain('`TOKEN` of the service `web`, `URL` of the service `web`');
    expect(refusal?.message).not.toContain(secret);
    expect(refusal?.exitCode).toBe(exitCodes.invalid);
  });

  it('is no matter where nothing is built, or where none is', async () => {
    expect(secretBuildArgs(await said({ build: 'false' }), model)).toBeNull();
    expect(secretBuildArgs(await said(), modelOf({ web: { build: { args: { MODE: 'fast' } } } }))).toBeNull();
  });
});
