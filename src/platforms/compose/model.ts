import { z } from 'zod';
import { namedSecrets } from '../../request/named-secrets.ts';

/*
 * What `docker compose config --format json` prints, as far as Homeport reads it. Everything else is carried through
 * untouched (`looseObject`): the rendered release must say exactly what the user's files say.
 */

const volume = z.looseObject({
  type: z.string(),
  source: z.string().optional(),
  target: z.string(),
  read_only: z.boolean().optional(),
});

const port = z.looseObject({
  target: z.number().optional(),
  published: z.string().optional(),
  protocol: z.string().optional(),
  host_ip: z.string().optional(),
});

const dependency = z.looseObject({ condition: z.string().optional(), required: z.boolean().optional() });

const build = z.looseObject({
  context: z.string().optional(),
  dockerfile: z.string().optional(),
  args: z.record(z.string(), z.string().nullable()).optional(),
});

const service = z.looseObject({
  image: z.string().optional(),
  build: build.optional(),
  command: z.unknown().optional(),
  environment: z.record(z.string(), z.string().nullable()).optional(),
  depends_on: z.record(z.string(), dependency).optional(),
  volumes: z.array(volume).optional(),
  tmpfs: z.union([z.string(), z.array(z.string())]).optional(),
  ports: z.array(port).optional(),
  restart: z.string().optional(),
  scale: z.number().optional(),
  deploy: z.looseObject({ replicas: z.number().optional() }).nullish(),
  healthcheck: z.looseObject({ disable: z.boolean().optional() }).optional(),
  network_mode: z.string().optional(),
  pull_policy: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

/** A config or a secret: from a file, or from a variable of Compose's own environment. */
const fileObject = z.looseObject({ file: z.string().optional(), environment: z.string().optional() });

export const composeModelSchema = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), service),
  configs: z.record(z.string(), fileObject).optional(),
  secrets: z.record(z.string(), fileObject).optional(),
});

export type ComposeModel = z.infer<typeof composeModelSchema>;
export type ComposeService = z.infer<typeof service>;
export type ComposeVolume = z.infer<typeof volume>;

/** What nobody may read of a model: values of its variables that are secret by their names. */
export function secretsOf(model: ComposeModel): string[] {
  const found = Object.values(model.services).flatMap(({ environment }) => namedSecrets(environment ?? {}));
  // Compose writes a plain `$` as `$$`.
  return found.flatMap((value) => [value, value.replaceAll('$$', '$')]);
}

/** How many containers of a service are asked for: `scale`, else `deploy.replicas`, else one. */
export function replicasOf(service: ComposeService): number {
  return service.scale ?? service.deploy?.replicas ?? 1;
}

/** The named services with everything that they depend on; all services when none is named. */
export function withDependencies(model: ComposeModel, names: readonly string[]): string[] {
  if (names.length === 0) return Object.keys(model.services).sort();
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || model.services[name] === undefined) return;
    found.add(name);
    for (const dependency of Object.keys(model.services[name].depends_on ?? {})) visit(dependency);
  };
  for (const name of names) visit(name);
  return [...found].sort();
}
