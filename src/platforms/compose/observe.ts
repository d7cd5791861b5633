import { z } from 'zod';
import { HomeportError } from '../../deployment/error.ts';
import type { Host } from '../../hosts/host.ts';
import { tryParseJson } from '../../request/parse-json.ts';
import { containersArgv } from './commands.ts';

/** One container of the project. */
export interface ListedContainer {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  /** In the engine's words: `running`, `restarting`, `exited`… */
  readonly state: string;
}

/** And how it is now. */
export interface ObservedContainer extends ListedContainer {
  readonly imageId: string;
  /** The image as the container's own configuration names it. */
  readonly imageName: string;
  readonly configHash: string;
  readonly exitCode: number;
  /** `none` where the container has no health check. */
  readonly health: 'none' | 'starting' | 'healthy' | 'unhealthy';
  /** What the last health check printed. */
  readonly healthOutput: string;
  readonly restartCount: number;
  readonly restartPolicy: string;
  readonly oomKilled: boolean;
  readonly startedAt: Date;
  readonly addresses: readonly string[];
  readonly networkMode: string;
  readonly publishedPorts: readonly { readonly address: string; readonly port: number; readonly protocol: string }[];
  readonly mounts: readonly { readonly type: string; readonly source: string; readonly destination: string }[];
  readonly environment: Readonly<Record<string, string>>;
  /** Its log is a file without a largest size, by its own settings and by the engine's. */
  readonly logGrows: boolean;
  /** A file that the engine keeps for it, in `containers/<id>/` of the engine's own folder; empty where it keeps none. */
  readonly engineFile: string;
}

const logging = z.object({ Type: z.string(), Config: z.record(z.string(), z.string()).nullish() });
const binding = z.object({ HostIp: z.string(), HostPort: z.string() });
const inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  RestartCount: z.number(),
  ResolvConfPath: z.string().catch(''),
  State: z.object({
    Status: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string(), Log: z.array(z.object({ Output: z.string() })).nullish() }).nullish(),
  }),
  Config: z.object({
    Image: z.string(),
    Labels: z.record(z.string(), z.string()).nullable(),
    Env: z.array(z.string()).nullable(),
  }),
  HostConfig: z.object({
    NetworkMode: z.string(),
    RestartPolicy: z.object({ Name: z.string() }),
    Tmpfs: z.record(z.string(), z.string()).nullish(),
    LogConfig: logging.nullish().catch(null),
  }),
  NetworkSettings: z.object({
    Ports: z.record(z.string(), z.array(binding).nullable()).nullish(),
    Networks: z.record(z.string(), z.object({ IPAddress: z.string().nullish() })).nullish(),
  }),
  Mounts: z.array(z.object({ Type: z.string(), Source: z.string().nullish(), Destination: z.string() })).nullish(),
});

/**
 * All containers of the project by their names alone, one-off ones of `run` left out: half as long as to observe them.
 * Throws `HomeportError` when the engine doesn't answer.
 */
export async function listContainers(host: Host, project: string, timeout = 30_000): Promise<ListedContainer[]> {
  const told = await host.exec(containersArgv(project), { timeout, record: false });
  if (told.outcome !== 'success') throw engineSilent(told.tail);
  return told.stdout.split('\n').flatMap((line) => {
    const [id = '', name = '', state = '', service = '', oneOff] = line.split('\t');
    return id === '' || oneOff === 'True' ? [] : [{ id, name, state, service }];
  });
}

/**
 * All containers of the project, one-off ones of `run` left out, sorted by service and name.
 * Throws `HomeportError` when the engine doesn't answer.
 */
export async function observe(host: Host, project: string, timeout = 30_000): Promise<ObservedContainer[]> {
  const ids = (await listContainers(host, project, timeout)).map(({ id }) => id);
  const containers = await observeContainers(host, ids, timeout);
  return containers.sort((a, b) => `${a.service} ${a.name}`.localeCompare(`${b.service} ${b.name}`));
}

/** These containers, those left out that are gone. Throws `HomeportError` when the engine doesn't answer. */
export async function observeContainers(
  host: Host,
  ids: readonly string[],
  timeout = 30_000,
): Promise<ObservedContainer[]> {
  if (ids.length === 0) return [];
  const told = await host.exec(['docker', 'inspect', '--type', 'container', ...ids], { timeout, record: false });
  // A container that went away in between makes the exit status 1; what is printed is still the truth on the others.
  const parsed = z.array(inspected).safeParse(tryParseJson(told.stdout));
  if (!parsed.success) throw engineSilent(told.tail);
  return parsed.data.map(toContainer);
}

function toContainer(one: z.infer<typeof inspected>): ObservedContainer {
  const labels = one.Config.Labels ?? {};
  const health = one.State.Health?.Status;
  return {
    id: one.Id,
    name: one.Name.replace(/^\//, ''),
    service: labels['com.docker.compose.service'] ?? '',
    imageId: one.Image,
    imageName: one.Config.Image,
    configHash: labels['com.docker.compose.config-hash'] ?? '',
    state: one.State.Status,
    exitCode: one.State.ExitCode,
    health: health === 'starting' || health === 'healthy' || health === 'unhealthy' ? health : 'none',
    healthOutput: one.State.Health?.Log?.at(-1)?.Output ?? '',
    restartCount: one.RestartCount,
    restartPolicy: one.HostConfig.RestartPolicy.Name,
    oomKilled: one.State.OOMKilled,
    startedAt: new Date(one.State.StartedAt),
    addresses: Object.values(one.NetworkSettings.Networks ?? {}).flatMap((network) => network.IPAddress || []),
    networkMode: one.HostConfig.NetworkMode,
    publishedPorts: Object.entries(one.NetworkSettings.Ports ?? {}).flatMap(([target, bindings]) =>
      (bindings ?? []).map((bound) => ({
        address: bound.HostIp,
        port: Number(bound.HostPort),
        protocol: target.split('/')[1] ?? 'tcp',
      })),
    ),
    mounts: [
      ...(one.Mounts ?? []).map((mount) => ({
        type: mount.Type,
        source: mount.Source ?? '',
        destination: mount.Destination,
      })),
      // Those of `tmpfs:` are told apart from those of `volumes:`.
      ...Object.keys(one.HostConfig.Tmpfs ?? {}).map((path) => ({ type: 'tmpfs', source: '', destination: path })),
    ],
    logGrows: growsWithoutEnd(one.HostConfig.LogConfig),
    engineFile: one.ResolvConfPath,
    environment: Object.fromEntries(
      (one.Config.Env ?? []).map((entry) => {
        const [name = '', ...value] = entry.split('=');
        return [name, value.join('=')];
      }),
    ),
  };
}

/** The engine writes its own `log-opts` into the settings of each container that it makes. */
function growsWithoutEnd(log: z.infer<typeof logging> | null | undefined): boolean {
  if (log?.Type !== 'json-file') return false;
  const size = log.Config?.['max-size'];
  return size === undefined || size === '-1';
}

/** The ID of an image by any name, `null` when the engine doesn't have it. Throws `HomeportError` where it is silent. */
export async function imageIdOf(host: Host, name: string): Promise<string | null> {
  return (await imageIdsOf(host, [name])).get(name) ?? null;
}

/** The IDs of images by their names, `null` for those that the engine doesn't have. Throws `HomeportError` where it is silent. */
export async function imageIdsOf(host: Host, names: readonly string[]): Promise<ReadonlyMap<string, string | null>> {
  const each = [...new Set(names)];
  if (each.length === 0) return new Map();
  const result = await host.exec(['docker', 'image', 'inspect', '--format', '{{.Id}}', ...each], {
    timeout: 30_000,
    record: false,
  });
  if (result.outcome === 'success') {
    const ids = result.stdout.trim().split('\n');
    return new Map(each.map((name, at) => [name, ids[at] ?? null]));
  }
  if (!/no such image/i.test(result.stderr)) throw engineSilent(result.tail);
  if (each.length === 1) return new Map(each.map((name) => [name, null]));
  // What it says of those that it has does not tell whose it is.
  return new Map(await Promise.all(each.map(async (name) => [name, await imageIdOf(host, name)] as const)));
}

function engineSilent(tail: string): HomeportError {
  return new HomeportError(`The Docker engine did not answer: ${tail.split('\n').at(-1) ?? ''}`.trim(), {
    hint: 'Look at `systemctl status docker` and `docker info` on the host.',
  });
}
