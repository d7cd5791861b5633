import type { ComposeModel } from '../platforms/compose/model.ts';
import type { Request } from '../request/schema.ts';
import { holdsSecret, secretValues } from '../request/secret-values.ts';
import { exitCodes, HomeportError } from './error.ts';

/** Build arguments of the compose file that hold a secret of the request; `null` when none does, or nothing is built. */
export function secretBuildArgs(request: Request, model: ComposeModel): HomeportError | null {
  if (!request.build) return null;
  const secrets = secretValues(request);
  const found = Object.entries(model.services).flatMap(([service, { build }]) =>
    Object.entries(build?.args ?? {})
      // Compose writes a plain `$` as `$$`.
      .filter(([, value]) => value !== null && holdsSecret(value.replaceAll('$$', '$'), secrets))
      .map(([name]) => `\`${name}\` of the service \`${service}\``),
  );
  if (found.length === 0) return null;
  return new HomeportError(
    `A secret is a build argument in the compose file (${found.join(', ')}), and build arguments stay readable in the image.`,
    {
      hint: 'Use a Compose build secret (`build: secrets:` with `environment:`) and `RUN --mount=type=secret`.',
      exitCode: exitCodes.invalid,
    },
  );
}
