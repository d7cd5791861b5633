import { createHash } from 'node:crypto';
import { parse, stringify } from 'yaml';
import { type ComposeModel, composeModelSchema, secretsOfBuildsAlone } from './model.ts';
import type { MountPlan } from './mounts.ts';
import { unescapeDollars } from './mounts.ts';

/** What is built and started from; all that a host may differ in is fixed. */
export interface RenderOptions {
  readonly model: ComposeModel;
  /** The image name of each service in this release. */
  readonly images: Readonly<Record<string, string>>;
  readonly mounts: MountPlan;
}

/**
 * The model of a release: images by the release's own names, repository files by content, nothing left to build, to
 * pull or to interpolate.
 */
export function renderRelease(options: RenderOptions): ComposeModel {
  const { mounts } = options;
  const model = structuredClone(options.model);
  const moved = (path: string): string => {
    const place = mounts.replacements.get(unescapeDollars(path));
    return place === undefined ? path : place.replaceAll('$', '$$$$');
  };
  for (const [name, service] of Object.entries(model.services)) {
    const image = options.images[name];
    if (image !== undefined) service.image = image;
    // Resolved into `environment`, switched on already, or of no use without the checkout.
    for (const key of ['build', 'pull_policy', 'profiles', 'env_file', 'develop'] as const) delete service[key];
    // A variable without a value is one that is not set now: it must not be taken from whatever is set later.
    for (const [variable, value] of Object.entries(service.environment ?? {})) {
      if (value === null) delete service.environment?.[variable];
    }
    for (const volume of service.volumes ?? []) {
      if (volume.type === 'bind' && volume.source !== undefined) volume.source = moved(volume.source);
    }
  }
  for (const name of secretsOfBuildsAlone(options.model)) delete model.secrets?.[name];
  for (const section of [model.configs, model.secrets]) {
    for (const entry of Object.values(section ?? {})) {
      if (entry.file !== undefined) entry.file = moved(entry.file);
    }
  }
  return model;
}

/** The model with which the release's images are built: each under the release's own tag, with the standard arguments. */
export function renderBuild(
  model: ComposeModel,
  tags: Readonly<Record<string, string>>,
  args: Readonly<Record<string, string>>,
): ComposeModel {
  const rendered = structuredClone(model);
  for (const [name, service] of Object.entries(rendered.services)) {
    const tag = tags[name];
    if (service.build === undefined || tag === undefined) continue;
    service.image = tag;
    service.build.args = { ...service.build.args, ...escaped(args) };
  }
  return rendered;
}

function escaped(args: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(args).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]));
}

/** Compose reads YAML 1.1: a text such as `1_000` or `2024-01-01` would be a number or a time to it without quotes. */
export function toYaml(model: ComposeModel): string {
  return stringify(model, { lineWidth: 0, aliasDuplicateObjects: false, compat: 'yaml-1.1' });
}

/** Reads a release's own `compose.yaml` back. Throws where it isn't one. */
export function fromYaml(text: string): ComposeModel {
  return composeModelSchema.parse(parse(text));
}

/** SHA-256 over texts; each keeps its own borders. */
export function digestOf(...texts: readonly string[]): string {
  const hash = createHash('sha256');
  for (const text of texts) hash.update(`${text.length}:`).update(text);
  return hash.digest('hex');
}
