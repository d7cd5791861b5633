import { z } from 'zod';
import { releaseTag, utcStamp } from '../../deployment/ids.ts';
import { releaseFolder } from '../../deployment/places.ts';
import { composePath, environmentPath, type Release, writeRelease } from '../../deployment/release.ts';
import type { StageContext } from '../../deployment/stage.ts';
import { tagImage } from './images.ts';
import type { ComposeModel } from './model.ts';
import type { ObservedContainer } from './observe.ts';
import { digestOf, toYaml } from './render.ts';

/*
 * A project that ran before Homeport came: its compose file is gone with the last checkout, so that what runs is read
 * from the containers themselves. Only what Compose could have asked for is taken over.
 */

const texts = z.array(z.string()).nullish();
const healthcheck = z
  .object({
    Test: texts,
    Interval: z.number().nullish(),
    Timeout: z.number().nullish(),
    StartPeriod: z.number().nullish(),
    Retries: z.number().nullish(),
  })
  .nullish();

const described = z.object({
  Id: z.string(),
  Config: z.object({
    Hostname: z.string(),
    User: z.string().nullish(),
    Env: texts,
    Cmd: texts,
    Entrypoint: texts,
    WorkingDir: z.string().nullish(),
    Labels: z.record(z.string(), z.string()).nullish(),
    StopSignal: z.string().nullish(),
    StopTimeout: z.number().nullish(),
    Tty: z.boolean().nullish(),
    Healthcheck: healthcheck,
  }),
  HostConfig: z.object({
    NetworkMode: z.string(),
    RestartPolicy: z.object({ Name: z.string(), MaximumRetryCount: z.number().nullish() }),
    PortBindings: z
      .record(z.string(), z.array(z.object({ HostIp: z.string(), HostPort: z.string() })).nullable())
      .nullish(),
    Privileged: z.boolean().nullish(),
    ReadonlyRootfs: z.boolean().nullish(),
    Init: z.boolean().nullish(),
    CapAdd: texts,
    CapDrop: texts,
    SecurityOpt: texts,
    ExtraHosts: texts,
    Dns: texts,
    Tmpfs: z.record(z.string(), z.string()).nullish(),
    ShmSize: z.number().nullish(),
    Memory: z.number().nullish(),
    NanoCpus: z.number().nullish(),
    PidMode: z.string().nullish(),
    LogConfig: z.object({ Type: z.string(), Config: z.record(z.string(), z.string()).nullish() }).nullish(),
  }),
  NetworkSettings: z.object({
    Networks: z.record(z.string(), z.object({ Aliases: texts })).nullish(),
  }),
  Mounts: z.array(
    z.object({
      Type: z.string(),
      Name: z.string().nullish(),
      Source: z.string().nullish(),
      Destination: z.string(),
      RW: z.boolean(),
    }),
  ),
});
type Described = z.infer<typeof described>;

/**
 * Records what runs as a release, so that a first deployment has something to go back to; marked good, since it serves.
 * Gives `null` with a warning where it can't be read.
 */
export async function adoptRunning(
  context: StageContext,
  containers: readonly ObservedContainer[],
): Promise<Release | null> {
  const { host, facts, places } = context;
  const running = containers.filter((container) => container.state === 'running');
  const told = await host.exec(['docker', 'inspect', '--type', 'container', ...running.map(({ id }) => id)], {
    timeout: 30_000,
    record: false,
  });
  const parsed = z.array(described).safeParse(told.outcome === 'success' ? JSON.parse(told.stdout) : undefined);
  if (!parsed.success) {
    context.warn('What runs now could not be recorded, so this deployment has nothing to go back to.');
    return null;
  }
  const id = `${utcStamp(new Date(facts.startedAt.getTime() - 1000))}-adopted`;
  const byService = new Map(running.map((container) => [container.service, container]));
  const model: ComposeModel = { name: facts.project, services: {}, networks: {}, volumes: {} };
  const services: Release['services'] = {};
  for (const [service, container] of byService) {
    const found = parsed.data.find((one) => one.Id === container.id);
    if (found === undefined) continue;
    const pin = releaseTag(facts.project, service, id);
    const replicas = running.filter((one) => one.service === service).length;
    model.services[service] = { ...toService(found, model, container), image: pin, scale: replicas };
    services[service] = { image: pin, image_id: container.imageId, pin, public_name: null, replicas };
  }
  const yaml = toYaml(model);
  const release: Release = {
    schema: 1,
    id,
    project: facts.project,
    commit: null,
    branch: null,
    repository: null,
    created_at: new Date().toISOString(),
    verdict: 'good',
    good_at: new Date().toISOString(),
    origin: 'adopted',
    digest: digestOf(yaml),
    environment_digest: digestOf('{}'),
    services,
    files: [],
    smoke: [],
    working_tree: null,
    working_directory: places.root,
  };
  facts.adopted = id;
  const pins = Object.values(services);
  await context.change(
    'adopt',
    'forget',
    async () => {
      await host.files.makeFolder(releaseFolder(places, id), 0o700);
      await host.files.writeText(composePath(places, id), yaml, 0o600);
      await host.files.writeText(environmentPath(places, id), '{}', 0o600);
      for (const service of pins) await tagImage(host, service.image_id, service.pin);
      await writeRelease(host.files, places, release);
      await host.files.link(places.current, `releases/${id}`);
    },
    { tags: pins.map(({ pin }) => pin) },
  );
  context.say(`this project ran before Homeport came: recorded as the release ${id}`);
  return release;
}

function toService(one: Described, model: ComposeModel, container: ObservedContainer): Record<string, unknown> {
  const { Config: config, HostConfig: hostConfig } = one;
  const service: Record<string, unknown> = {
    container_name: /-\d+$/.test(container.name) ? undefined : container.name,
    hostname: one.Id.startsWith(config.Hostname) ? undefined : config.Hostname,
    user: config.User || undefined,
    environment: Object.fromEntries(Object.entries(container.environment)),
    command: config.Cmd ?? undefined,
    entrypoint: config.Entrypoint ?? undefined,
    working_dir: config.WorkingDir || undefined,
    stop_signal: config.StopSignal || undefined,
    stop_grace_period: config.StopTimeout ? `${config.StopTimeout}s` : undefined,
    tty: config.Tty || undefined,
    labels: Object.fromEntries(
      Object.entries(config.Labels ?? {}).filter(([name]) => !name.startsWith('com.docker.compose.')),
    ),
    restart: restartOf(hostConfig.RestartPolicy),
    privileged: hostConfig.Privileged || undefined,
    read_only: hostConfig.ReadonlyRootfs || undefined,
    init: hostConfig.Init ?? undefined,
    cap_add: filled(hostConfig.CapAdd),
    cap_drop: filled(hostConfig.CapDrop),
    security_opt: filled(hostConfig.SecurityOpt),
    extra_hosts: filled(hostConfig.ExtraHosts),
    dns: filled(hostConfig.Dns),
    tmpfs: filled(
      Object.entries(hostConfig.Tmpfs ?? {}).map(([path, options]) => (options ? `${path}:${options}` : path)),
    ),
    shm_size: hostConfig.ShmSize || undefined,
    mem_limit: hostConfig.Memory || undefined,
    cpus: hostConfig.NanoCpus ? hostConfig.NanoCpus / 1e9 : undefined,
    pid: hostConfig.PidMode || undefined,
    logging: hostConfig.LogConfig
      ? { driver: hostConfig.LogConfig.Type, options: hostConfig.LogConfig.Config ?? {} }
      : undefined,
    healthcheck: healthcheckOf(config.Healthcheck),
    ports: Object.entries(hostConfig.PortBindings ?? {}).flatMap(([target, bindings]) =>
      (bindings ?? []).map((bound) => ({
        target: Number(target.split('/')[0]),
        protocol: target.split('/')[1] ?? 'tcp',
        published: bound.HostPort || undefined,
        host_ip: bound.HostIp || undefined,
      })),
    ),
    volumes: one.Mounts.flatMap((mount) => toVolume(mount, model)),
    ...networksOf(one, model, container),
  };
  return escapeDollars(Object.fromEntries(Object.entries(service).filter(([, value]) => value !== undefined)));
}

function restartOf(policy: { Name: string; MaximumRetryCount?: number | null | undefined }): string {
  if (policy.Name === '' || policy.Name === 'no') return 'no';
  return policy.Name === 'on-failure' && policy.MaximumRetryCount
    ? `on-failure:${policy.MaximumRetryCount}`
    : policy.Name;
}

function healthcheckOf(check: Described['Config']['Healthcheck']): Record<string, unknown> | undefined {
  if (!check?.Test || check.Test.length === 0) return undefined;
  const time = (nanoseconds: number | null | undefined) => (nanoseconds ? `${nanoseconds / 1e6}ms` : undefined);
  const all = {
    test: check.Test,
    interval: time(check.Interval),
    timeout: time(check.Timeout),
    start_period: time(check.StartPeriod),
    retries: check.Retries || undefined,
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
}

function toVolume(mount: Described['Mounts'][number], model: ComposeModel): Record<string, unknown>[] {
  const volumes = model.volumes as Record<string, unknown>;
  if (mount.Type === 'bind' && mount.Source) {
    return [{ type: 'bind', source: mount.Source, target: mount.Destination, read_only: !mount.RW }];
  }
  if (mount.Type === 'volume' && mount.Name) {
    // By its own name, also an anonymous one: its data must not stay behind.
    volumes[mount.Name] = { name: mount.Name, external: true };
    return [{ type: 'volume', source: mount.Name, target: mount.Destination, read_only: !mount.RW }];
  }
  return [];
}

function networksOf(one: Described, model: ComposeModel, container: ObservedContainer): Record<string, unknown> {
  const mode = one.HostConfig.NetworkMode;
  if (mode === 'host' || mode === 'none') return { network_mode: mode };
  const networks = model.networks as Record<string, unknown>;
  const own: Record<string, unknown> = {};
  for (const [name, network] of Object.entries(one.NetworkSettings.Networks ?? {})) {
    networks[name] = { name, external: true };
    const aliases = (network.Aliases ?? []).filter(
      (alias) => !one.Id.startsWith(alias) && alias !== container.service && alias !== container.name,
    );
    own[name] = aliases.length > 0 ? { aliases } : {};
  }
  return { networks: own };
}

function filled<T>(list: readonly T[] | null | undefined): readonly T[] | undefined {
  return list && list.length > 0 ? list : undefined;
}

/** Nothing in it may be taken for a variable when Compose reads it. */
function escapeDollars<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('$', '$$$$') as T;
  if (Array.isArray(value)) return value.map(escapeDollars) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escapeDollars(inner)])) as T;
}
