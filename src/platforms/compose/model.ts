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

/** A config or a secret as a service or a build takes it, by its name. */
const taken = z.looseObject({ source: z.string().optional() });

const build = z.looseObject({
  context: z.string().optional(),
  dockerfile: z.string().optional(),
  dockerfile_inline: z.string().optional(),
  target: z.string().optional(),
  args: z.record(z.string(), z.string().nullable()).optional(),
  additional_contexts: z.record(z.string(), z.string()).optional(),
  secrets: z.array(taken).nullish(),
});

const service = z.looseObject({
  image: z.string().optional(),
  build: build.optional(),
  command: z.unknown().optional(),
  environment: z.record(z.string(), z.string().nullable()).optional(),
  depends_on: z.record(z.string(), dependency).optional(),
  volumes: z.array(volume).optional(),
  ports: z.array(port).optional(),
  restart: z.string().optional(),
  scale: z.number().optional(),
  deploy: z.looseObject({ replicas: z.number().optional() }).nullish(),
  healthcheck: z
    .looseObject({ disable: z.boolean().optional(), test: z.union([z.string(), z.array(z.string())]).nullish() })
    .optional(),
  network_mode: z.string().optional(),
  networks: z.record(z.string(), z.looseObject({ aliases: z.array(z.string()).nullish() }).nullable()).nullish(),
  links: z.array(z.string()).nullish(),
  container_name: z.string().optional(),
  hostname: z.string().optional(),
  configs: z.array(taken).nullish(),
  secrets: z.array(taken).nullish(),
  tmpfs: z.array(z.string()).nullish(),
  logging: z
    .looseObject({ driver: z.string().optional(), options: z.record(z.string(), z.unknown()).nullish() })
    .nullish(),
  pull_policy: z.string().optional(),
  profiles: z.array(z.string()).optional(),
  labels: z.record(z.string(), z.string()).optional(),
});

/** A config or a secret: from a file, or from a variable of Compose's own environment. */
const fileObject = z.looseObject({
  name: z.string().optional(),
  file: z.string().optional(),
  environment: z.string().optional(),
  external: z.boolean().optional(),
});

/** A network or a volume; an external one is somebody else's, under the name that it has there. */
const sharedObject = z.looseObject({ name: z.string().optional(), external: z.boolean().optional() });

export const composeModelSchema = z.looseObject({
  name: z.string(),
  services: z.record(z.string(), service),
  configs: z.record(z.string(), fileObject).optional(),
  secrets: z.record(z.string(), fileObject).optional(),
  networks: z.record(z.string(), sharedObject.nullable()).optional(),
  volumes: z.record(z.string(), sharedObject.nullable()).optional(),
});

export type ComposeModel = z.infer<typeof composeModelSchema>;
export type ComposeService = z.infer<typeof service>;
export type ComposePort = z.infer<typeof port>;
export type ComposeVolume = z.infer<typeof volume>;

/** What nobody may read of a model: values of its variables that are secret by their names. */
export function secretsOf(model: ComposeModel): string[] {
  const found = Object.values(model.services).flatMap(({ environment }) => namedSecrets(environment ?? {}));
  // Compose writes a plain `$` as `$$`.
  return found.flatMap((value) => [value, value.replaceAll('$$', '$')]);
}

/** The secrets that only builds take: nothing of a release needs them once its images are there. */
export function secretsOfBuildsAlone(model: ComposeModel): Set<string> {
  const services = Object.values(model.services);
  const names = (lists: readonly (readonly { source?: string | undefined }[] | null | undefined)[]) =>
    lists.flatMap((list) => (list ?? []).map(({ source }) => source ?? ''));
  const run = new Set(names(services.map(({ secrets }) => secrets)));
  const built = names(services.map((service) => service.build?.secrets));
  return new Set(built.filter((name) => !run.has(name)));
}

/** What a service publishes: nothing where the engine gives it no network of its own and drops its `ports`. */
export function publishedPorts(service: ComposeService | undefined): readonly ComposePort[] {
  const own = service?.network_mode === undefined || service.network_mode === 'bridge';
  return own ? (service?.ports ?? []) : [];
}

/** Not a range, and not left to the engine. */
export function isOneFixedPort(port: ComposePort): boolean {
  return /^[1-9]\d*$/.test(port.published ?? '');
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
