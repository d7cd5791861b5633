import { dirname } from 'node:path';
import { HomeportError } from '../../deployment/error.ts';
import { releaseFolder } from '../../deployment/places.ts';
import { composePath, type Release, readEnvironment } from '../../deployment/release.ts';
import type { StageContext } from '../../deployment/stage.ts';
import type { ExecResult } from '../../hosts/host.ts';
import { upArgv } from './commands.ts';
import { tagImage } from './images.ts';
import { leakedPortHint, portGivenAway } from './leaked-port.ts';
import { type ComposeModel, secretsOf } from './model.ts';
import { imageIdOf, imageIdsOf, type ListedContainer, listContainers } from './observe.ts';
import { publishedByOthers } from './ports.ts';
import { fromYaml, toYaml } from './render.ts';

/** Reads the rendered model of a recorded release. Throws `HomeportError` when it is gone or damaged. */
export async function releaseModel(context: StageContext, release: Release): Promise<ComposeModel> {
  const path = composePath(context.places, release.id);
  const text = await context.host.files.readText(path);
  try {
    if (text !== null) {
      const model = fromYaml(text);
      context.hide(secretsOf(model));
      return model;
    }
  } catch (error) {
    throw new HomeportError(`The recorded model ${path} of the release ${release.id} is damaged.`, {
      hint: 'Deploy the commit again, or go back to another release: `homeport history`.',
      cause: error,
    });
  }
  throw new HomeportError(`The recorded model ${path} of the release ${release.id} is gone.`, {
    hint: 'Deploy the commit again, or go back to another release: `homeport history`.',
  });
}

/**
 * Makes exactly this release run: removes the containers of services that it doesn't have (of `others`, the releases
 * that may have started some), then `docker compose up` of all its services, or of the named ones, from the
 * recorded model. Readiness is for the caller to await.
 * Throws `HomeportError` with what Compose said.
 */
export async function bringUp(
  context: StageContext,
  release: Release,
  others: readonly Release[],
  services: readonly string[] = Object.keys(release.services),
): Promise<void> {
  const { host, places } = context;
  const model = await releaseModel(context, release);
  const [before, file] = await Promise.all([
    mendNames(context, release.project, model),
    usableModel(context, release, model),
  ]);
  await removeDropped(context, model, before, others);

  const argv = upArgv(
    {
      project: release.project,
      files: [file],
      envFiles: [],
      profiles: [],
      projectDirectory: releaseFolder(places, release.id),
    },
    services,
  );
  const result = await host.exec(argv, {
    // For configs and secrets that Compose takes from its environment.
    env: await readEnvironment(host.files, places, release.id),
    timeout: Math.min(context.remaining(), context.request['start-timeout'] + 60_000),
    signal: context.signal,
    changes: true,
    onLine: (line) => context.say(line),
  });
  if (file !== composePath(places, release.id)) await host.files.remove(file);
  context.signal.throwIfAborted();
  // Compose waits for health by `depends_on` and fails in its own words; what the containers say is told by the caller.
  if (result.outcome === 'success') return;
  const hint = (await isLeaked(context, portGivenAway(result.tail))) ? leakedPortHint : readTheLog;
  throw new ComposeUpError(upMessage(result.outcome, result.tail), hint, wasInterrupted(result));
}

const readTheLog = 'Read the output of `docker compose up` in the log of this deployment.';

/** Whether the engine gave a port away that no container has. */
async function isLeaked({ host }: StageContext, port: number | null): Promise<boolean> {
  if (port === null) return false;
  return !(await publishedByOthers(host, [])).some((one) => one.port === port);
}

/** `docker compose up` failed; the observed containers may tell more. */
export class ComposeUpError extends HomeportError {
  /** Somebody killed it, or restarted the engine under it: says nothing about the release, and can be done again. */
  readonly interrupted: boolean;

  constructor(message: string, hint: string, interrupted: boolean) {
    super(message, { hint });
    this.name = 'ComposeUpError';
    this.interrupted = interrupted;
  }
}

function wasInterrupted({ outcome, exitCode, tail }: ExecResult): boolean {
  if (outcome !== 'failed') return false;
  // 130 and 137: the plugin was killed, and `docker` itself ended by itself.
  const killed = exitCode === null || exitCode === 130 || exitCode === 137;
  return (
    killed ||
    /cannot connect to the docker daemon|error during connect|connection (?:refused|reset)|\bEOF\b/i.test(tail)
  );
}

function upMessage(outcome: string, tail: string): string {
  if (outcome === 'timeout') return 'docker compose up did not end in time and was stopped.';
  const lines = tail.split('\n').filter((line) => /error|failed|unhealthy|cannot|denied|already/i.test(line));
  return `docker compose up failed: ${(lines.at(-1) ?? tail.split('\n').at(-1) ?? '').trim()}`;
}

/**
 * Compose makes a successor as `<old id>_<name>`, removes the old container and renames the new one; killed in between,
 * it would take the successor for a second container of the service. One whose name is free gets it, with the volumes
 * that it took over; one beside its old container was never started, and goes. Gives the containers as they are then.
 */
async function mendNames(context: StageContext, project: string, model: ComposeModel): Promise<ListedContainer[]> {
  const { host } = context;
  const containers = await listContainers(host, project);
  const wanted = new Set(Object.values(model.services).map((service) => service.container_name));
  let mended = false;
  for (const container of containers) {
    const name = /^[0-9a-f]{12}_(.+)$/.exec(container.name)?.[1];
    if (name === undefined || wanted.has(container.name)) continue;
    mended = true;
    const taken = containers.some((one) => one.name === name);
    context.say(
      `${container.name} was left by a killed \`docker compose\`: ${taken ? 'removing it' : `it is ${name} now`}`,
    );
    const argv = taken
      ? (['docker', 'rm', '--force', container.id] as const)
      : (['docker', 'rename', container.id, name] as const);
    await host.exec(argv, { timeout: 60_000, changes: true });
  }
  return mended ? await listContainers(host, project) : containers;
}

/** Containers of services that an earlier release had and this one doesn't; any other stranger is left alone. */
async function removeDropped(
  context: StageContext,
  model: ComposeModel,
  containers: readonly ListedContainer[],
  others: readonly Release[],
): Promise<void> {
  const ours = new Set(others.flatMap((release) => Object.keys(release.services)));
  const dropped = containers.filter((one) => model.services[one.service] === undefined && ours.has(one.service));
  for (const container of dropped) await removeContainer(context, container);
}

export async function removeContainer(context: StageContext, container: ListedContainer): Promise<void> {
  context.say(`removing ${container.name}: the service ${container.service} is not in this release`);
  await context.host.exec(['docker', 'stop', container.id], { timeout: 90_000, changes: true });
  const result = await context.host.exec(['docker', 'rm', '--force', container.id], { timeout: 60_000, changes: true });
  if (result.outcome !== 'success' && !/no such container/i.test(result.tail)) {
    throw new HomeportError(`The container ${container.name} could not be removed: ${result.tail}`, {
      hint: 'Look at `docker ps --all` on the host.',
    });
  }
}

/**
 * The recorded model as it stands where every name still means the recorded image; else a copy in which names that were
 * moved since (a newer image was pulled, somebody built by hand) are replaced by the release's own pins.
 */
async function usableModel(context: StageContext, release: Release, model: ComposeModel): Promise<string> {
  const path = composePath(context.places, release.id);
  let moved = false;
  const services = Object.entries(release.services);
  const ids = await imageIdsOf(
    context.host,
    services.map(([, { image }]) => image),
  );
  for (const [name, service] of services) {
    if (ids.get(service.image) === service.image_id) continue;
    if ((await imageIdOf(context.host, service.image_id)) === null) {
      throw new HomeportError(
        `The image ${service.image_id.slice(0, 19)} of the service ${name} in release ${release.id} is gone from this host.`,
        { hint: `Somebody removed it. Deploy the commit ${release.commit ?? ''} again, which builds it anew.` },
      );
    }
    await tagImage(context.host, service.image_id, service.pin);
    const entry = model.services[name];
    if (entry !== undefined) entry.image = service.pin;
    context.say(`${service.image} means another image now: ${name} starts from ${service.pin}`);
    moved = true;
  }
  if (!moved) return path;
  const copy = `${dirname(path)}/compose.pinned.yaml`;
  await context.host.files.writeText(copy, toYaml(model), 0o600);
  return copy;
}
