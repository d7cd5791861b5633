import { posix } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { HomeportError } from '../deployment/error.ts';
import { type PublishedPort, readPort } from './ports.ts';
import { folderOf, type Repository } from './repository.ts';

/** A service as its compose file says it, as far as it can be read off without Compose. */
export interface Service {
  readonly name: string;
  readonly image: string | undefined;
  /** Relative to the repository's top; `null` where nothing is built, or from elsewhere. */
  readonly context: string | null;
  /** Relative to the repository's top. */
  readonly dockerfile: string | null;
  readonly environment: Readonly<Record<string, string | null>>;
  readonly ports: readonly PublishedPort[];
  /** The words of its health check, in one line; `NONE` where it is switched off, `null` where the file has none. */
  readonly health: string | null;
  readonly command: string;
  readonly profiles: readonly string[];
  readonly envFiles: readonly string[];
  /** Folders of the repository that it mounts. */
  readonly mounts: readonly string[];
}

const texts = z.union([z.string(), z.array(z.unknown())]).catch([]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const serviceSchema = z.looseObject({
  image: z.string().optional().catch(undefined),
  build: z
    .union([z.string(), z.looseObject({ context: z.string().optional(), dockerfile: z.string().optional() })])
    .optional()
    .catch(undefined),
  environment: z.union([z.record(z.string(), scalar), z.array(z.string())]).catch({}),
  ports: z.array(z.unknown()).catch([]),
  healthcheck: z.looseObject({ test: texts.optional(), disable: z.boolean().optional() }).optional().catch(undefined),
  command: texts,
  profiles: z.array(z.string()).catch([]),
  env_file: z
    .union([
      z.string(),
      z.array(z.union([z.string(), z.looseObject({ path: z.string(), required: z.boolean().optional() })])),
    ])
    .catch([]),
  volumes: z.array(z.unknown()).catch([]),
  extends: z
    .union([z.string(), z.looseObject({ service: z.string(), file: z.string().optional() })])
    .optional()
    .catch(undefined),
});
const fileSchema = z.looseObject({
  services: z.record(z.string(), z.looseObject({})).catch({}),
  include: z.array(z.union([z.string(), z.looseObject({ path: texts })])).catch([]),
});

type Raw = Record<string, Record<string, unknown>>;

/** The services of these files, `extends` and `include` followed inside the repository. */
export function readServices(repository: Repository, files: readonly string[]): Service[] {
  const project = folderOf(files[0] ?? '');
  const raw: Raw = {};
  for (const file of files) {
    for (const [name, service] of Object.entries(rawServices(repository, file, 0))) {
      raw[name] = { ...raw[name], ...service };
    }
  }
  return Object.entries(raw).map(([name, service]) => toService(name, service, project));
}

/** The text of all of them, comments left out: for the variables in it. */
export function composeText(repository: Repository, files: readonly string[]): string {
  const lines = files.flatMap((file) => (repository.read(file) ?? '').split('\n'));
  return lines.map((line) => line.replace(/(^|\s)#.*$/, '')).join('\n');
}

/** Deeper than anybody nests them, and an end to files that name one another. */
const deepest = 5;

function rawServices(repository: Repository, file: string, depth: number): Raw {
  const text = repository.read(file);
  if (text === null || depth > deepest) return {};
  const document = parseDocument(text, { merge: true, logLevel: 'silent' });
  const [error] = document.errors;
  if (error !== undefined) {
    throw new HomeportError(`${file} is not valid YAML: ${error.message.split('\n')[0]}`, {
      hint: 'See what Compose says of it: `docker compose config`.',
    });
  }
  const { services, include } = fileSchema.catch({ services: {}, include: [] }).parse(toPlain(document));
  const others = include
    .flatMap((one) => (typeof one === 'string' ? [one] : [one.path].flat().map(String)))
    .map((path) => rawServices(repository, posix.join(folderOf(file), path), depth + 1));
  const own = Object.entries(services).map(([name, service]) => [
    name,
    extended(repository, file, services, service, depth),
  ]);
  return Object.assign({}, ...others, Object.fromEntries(own));
}

function extended(
  repository: Repository,
  file: string,
  services: Raw,
  service: Record<string, unknown>,
  depth: number,
): Record<string, unknown> {
  const { extends: base } = serviceSchema.parse(service);
  if (base === undefined || depth > deepest) return service;
  const { service: name, file: other } = typeof base === 'string' ? { service: base, file: undefined } : base;
  const from = other === undefined ? services : rawServices(repository, posix.join(folderOf(file), other), depth + 1);
  const { extends: _, ...own } = service;
  const found = from[name];
  if (found === undefined) return own;
  return { ...(other === undefined ? extended(repository, file, services, found, depth + 1) : found), ...own };
}

function toPlain(document: { toJS(): unknown }): unknown {
  try {
    return document.toJS();
  } catch {
    // An alias without its anchor, or too many of them.
    return {};
  }
}

function toService(name: string, raw: Record<string, unknown>, project: string): Service {
  const { image, build, environment, ports, healthcheck, command, profiles, env_file, volumes } =
    serviceSchema.parse(raw);
  const { context, dockerfile } = typeof build === 'string' ? { context: build, dockerfile: undefined } : (build ?? {});
  const place = build === undefined ? null : inside(project, context ?? '.');
  return {
    name,
    image,
    context: place,
    dockerfile: place === null ? null : inside(place, dockerfile ?? 'Dockerfile'),
    environment: Array.isArray(environment) ? fromLines(environment) : mapped(environment),
    ports: ports.flatMap((port) => readPort(port) ?? []),
    health: wordsOf(healthcheck),
    command: [command].flat().join(' '),
    profiles,
    envFiles: [env_file].flat().flatMap((one) => neededFile(one, project)),
    mounts: volumes.flatMap((volume) => mountOf(volume, project) ?? []),
  };
}

/** `null` for an address, for what is outside, and for what only a variable knows. */
function inside(folder: string, path: string): string | null {
  if (/^[a-z][a-z0-9+.-]*:|^git@|\$|^[/~]/i.test(path)) return null;
  const normal = posix.normalize(posix.join(folder, path)).replace(/\/$/, '');
  if (normal.startsWith('..')) return null;
  return normal === '.' ? '' : normal;
}

function wordsOf(check: z.output<typeof serviceSchema>['healthcheck']): string | null {
  if (check?.disable === true) return 'NONE';
  return check?.test === undefined ? null : [check.test].flat().join(' ');
}

function neededFile(file: string | { path: string; required?: boolean | undefined }, project: string): string[] {
  if (typeof file !== 'string' && file.required === false) return [];
  return [inside(project, typeof file === 'string' ? file : file.path) ?? []].flat();
}

function mountOf(volume: unknown, project: string): string | null {
  const source =
    typeof volume === 'string'
      ? volume.split(':')[0]
      : z.looseObject({ source: z.string() }).safeParse(volume).data?.source;
  return source !== undefined && /^\.\.?(\/|$)/.test(source) ? inside(project, source) : null;
}

function fromLines(lines: readonly string[]): Record<string, string | null> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf('=');
      return at === -1 ? [line, null] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

function mapped(map: Readonly<Record<string, z.output<typeof scalar>>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(map).map(([name, value]) => [name, value === null ? null : String(value)]));
}
