import type { ComposeModel } from '../platforms/compose/model.ts';
import { nearest } from '../request/nearest.ts';
import type { Request } from '../request/schema.ts';
import { exitCodes, HomeportError } from './error.ts';

/** Services that the request names and the model doesn't have make the request invalid; `null` when all are there. */
export function unknownServices(request: Request, model: ComposeModel): HomeportError | null {
  const services = Object.keys(model.services);
  const named = [
    ...request.services.map((name) => ({ key: 'services', name })),
    ...request.migrate.map(({ name }) => ({ key: 'migrate', name })),
    ...(Array.isArray(request.backup) ? request.backup.map(({ service }) => ({ key: 'backup', name: service })) : []),
    ...request.smoke.flatMap((check) => {
      if ('exec' in check) return [{ key: 'smoke', name: check.exec.service }];
      return 'database' in check ? [{ key: 'smoke', name: check.database }] : [];
    }),
  ];
  const unknown = named.filter(({ name }) => !services.includes(name));
  if (unknown.length === 0) return null;
  const sentences = unknown.map(({ key, name }) => {
    const near = nearest(name, services);
    return `\`${key}\` names the service \`${name}\`, which the compose file does not have${near === null ? '' : ` (did you mean \`${near}\`?)`}.`;
  });
  return new HomeportError(sentences.join(' '), {
    hint: `The services are: ${services.join(', ')}. One that belongs to a profile needs \`profiles\`.`,
    exitCode: exitCodes.invalid,
  });
}
