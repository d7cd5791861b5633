import type { Request } from '../../request/schema.ts';
import { databasesOutside } from './database-outside.ts';
import { type DockerfileFacts, readDockerfile } from './dockerfile.ts';
import { wholeName } from './images.ts';
import { isMovingImage, isProxyImage, serverOfImage, serverOfPort } from './known-servers.ts';
import { type ComposeModel, type ComposePort, type ComposeService, publishedPorts, replicasOf } from './model.ts';
import type { ObservedContainer } from './observe.ts';

/** What is known of a service before it is built. */
interface Subject {
  readonly name: string;
  readonly service: ComposeService;
  /** `null` where nothing is built, or its Dockerfile can't be read. */
  readonly dockerfile: DockerfileFacts | null;
  /** Somebody else's image that it runs or stands on; `null` where it isn't known. */
  readonly image: string | null;
  /** Those of it that run now. */
  readonly containers: readonly ObservedContainer[];
}

export interface AdviceInput {
  readonly model: ComposeModel;
  /** Those that are asked for. */
  readonly services: readonly string[];
  /** Texts of the Dockerfiles by service, as far as they can be read. */
  readonly dockerfiles: Readonly<Record<string, string>>;
  readonly containers: readonly ObservedContainer[];
  readonly backup: Request['backup'];
}

/**
 * What works today and hurts later, a sentence for each rule: which services, why, and the line to add. Only what is
 * known to be so; one-shot services are left alone.
 */
export function adviceOn(input: AdviceInput): string[] {
  const subjects = subjectsOf(input);
  const rules = [noHealthCheck, endlessLogs, movingImages, dataWithoutVolume, openServers, pastTheProxy];
  return [...rules.flatMap((rule) => rule(subjects) ?? []), ...dataElsewhere(input)];
}

type Rule = (subjects: readonly Subject[]) => string | null;

/** A check in the compose file counts, also one that is switched off: somebody thought of it. */
const noHealthCheck: Rule = (subjects) => {
  const without = subjects.filter(({ service, dockerfile, containers }) => {
    if (service.healthcheck !== undefined || dockerfile?.healthcheck === true) return false;
    return containers.length > 0 ? containers.every(({ health }) => health === 'none') : dockerfile !== null;
  });
  if (without.length === 0) return null;
  return `No health check: ${names(without)}. A process that hangs counts as well, so that a broken release is promoted and nobody is told. Add \`healthcheck: {test: [CMD, …]}\` with a command that exits with 0 only when the service answers.`;
};

/**
 * The engine's own default may rotate, which only a container tells that was made with it. Other drivers than json-file
 * rotate by themselves (`local`) or keep logs elsewhere.
 */
const endlessLogs: Rule = (subjects) => {
  const endless = subjects.filter(({ service, containers }) => {
    const { driver, options } = service.logging ?? {};
    if ((driver !== undefined && driver !== 'json-file') || options?.['max-size'] !== undefined) return false;
    return containers.some(({ logGrows }) => logGrows);
  });
  if (endless.length === 0) return null;
  return `Logs without an end: ${names(endless)}. They grow until the disk is full, which stops every service on it. Add \`logging: {driver: json-file, options: {max-size: 10m, max-file: "3"}}\`, or \`log-opts\` for all in the engine's daemon.json.`;
};

const movingImages: Rule = (subjects) => {
  const moving = subjects.flatMap(({ name, dockerfile, service, image }) => {
    const images = dockerfile?.images ?? (service.build === undefined && image !== null ? [image] : []);
    const found = images.filter(isMovingImage);
    return found.length === 0 ? [] : [`${name} (${dockerfile === null ? '' : 'built from '}${found.join(', ')})`];
  });
  if (moving.length === 0) return null;
  return `Images without a version: ${joined(moving)}. The next build or pull may bring another one that nobody has tried. Name the version that you have tested, as in \`image: redis:7.2\` or \`FROM node:24-slim\`.`;
};

/** Said to those who have backups made of what is found, not to those who named what they want. */
function dataElsewhere({ model, services, backup }: AdviceInput): string[] {
  const outside = backup === 'auto' ? databasesOutside(model, services) : [];
  const [first] = outside;
  if (first === undefined) return [];
  const which = outside.map(({ service, engine, host }) => `${service} (${engine} at ${host})`);
  return [
    `A database outside the project: ${joined(which)}. No backup made here has it. See to one where it runs, or name commands for it, with a client that the service's image has: \`backup: [{service: ${first.service}, kind: command, command: {dump, restore, check}}]\`.`,
  ];
}

const ownPlace = /datadir|dbpath|data_directory|data-path|path\.data/;

/** An anonymous volume is lost with `docker compose down`; where a data folder of another name is set, nothing is said. */
const dataWithoutVolume: Rule = (subjects) => {
  const lost = subjects.flatMap(({ name, service, image }) => {
    const server = serverOfImage(image);
    if (
      server?.data == null ||
      'volumes_from' in service ||
      isClient(service) ||
      ownPlace.test(JSON.stringify(service.command ?? ''))
    ) {
      return [];
    }
    const bitnami = /\bbitnami/.test(image ?? '') ? `/bitnami/${server.name.toLowerCase()}` : null;
    const data = service.environment?.PGDATA ?? bitnami ?? server.data;
    return mountPlaces(service).some((place) => isWithin(place, data) || isWithin(data, place))
      ? []
      : [{ name, server, data }];
  });
  const [first] = lost;
  if (first === undefined) return null;
  const which = lost.map(({ name, server }) => `${name} (${server.name})`);
  return `A database without a volume: ${joined(which)}. Its data is gone with the container, at the latest with \`docker compose down\`. Add \`volumes: ["${first.name}-data:${first.data}"]\` to the service and \`${first.name}-data:\` to the \`volumes:\` of the file.`;
};

/** One that runs a server's image for the client in it. */
function isClient({ environment }: ComposeService): boolean {
  return Object.keys(environment ?? {}).some((name) => /^(PGHOST|PGHOSTADDR|MYSQL_HOST|MARIADB_HOST)$/.test(name));
}

function mountPlaces(service: ComposeService): string[] {
  const mounts = (service.volumes ?? []).filter(({ type, source }) => type !== 'volume' || (source ?? '') !== '');
  return [...mounts.map(({ target }) => target), ...(service.tmpfs ?? []).map((entry) => entry.split(':')[0] ?? '')];
}

function isWithin(folder: string, path: string): boolean {
  const bare = folder.replace(/\/+$/, '');
  return path.replace(/\/+$/, '') === bare || path.startsWith(`${bare}/`);
}

const openServers: Rule = (subjects) => {
  const open = subjects.flatMap(({ name, service, image }) => {
    const server = serverOfImage(image);
    return openPorts(service)
      .map((port) => ({ name, port, server: server ?? serverOfPort(port.target) }))
      .filter((found) => found.server !== null);
  });
  const [first] = open;
  if (first === undefined) return null;
  const which = open.map(({ name, server, port }) => `${name} (${server?.name}, ${port.published})`);
  return `Open to the world: ${joined(which)}. Docker's ports pass by ufw and firewalld, and robots find them within hours. Services of the project reach it without; for this machine alone say \`ports: ${onLoopback(first.port)}\`.`;
};

// Mail, SSH, DNS, VPN, MQTT, telephony, games: nothing that an HTTP proxy could hide.
const notForProxies = new Set([
  21, 22, 25, 53, 110, 143, 465, 587, 853, 993, 995, 1194, 1883, 2222, 5060, 5222, 8883, 25565, 51820,
]);

const pastTheProxy: Rule = (subjects) => {
  const proxy = subjects.find(({ service, image }) => isProxyImage(image) && isFront(service));
  if (proxy === undefined) return null;
  const open = subjects.flatMap(({ name, service, image }) => {
    if (isProxyImage(image) || serverOfImage(image) !== null) return [];
    return openPorts(service)
      .filter(({ target }) => target !== undefined && !notForProxies.has(target) && serverOfPort(target) === null)
      .map((port) => ({ name, port }));
  });
  const [first] = open;
  if (first === undefined) return null;
  const which = open.map(({ name, port }) => `${name} (${port.published})`);
  return `Past the proxy ${proxy.name}: ${joined(which)}. Open to the world without its TLS, its limits and its log. Remove the \`ports\` (the proxy reaches it without), or say \`ports: ${onLoopback(first.port)}\`.`;
};

function isFront(service: ComposeService): boolean {
  const onHost = service.network_mode === 'host';
  return onHost || openPorts(service).some(({ published }) => published === '80' || published === '443');
}

function openPorts(service: ComposeService): ComposePort[] {
  return publishedPorts(service).filter(
    ({ published = '', protocol = 'tcp', host_ip: address = '' }) =>
      published !== '' && protocol === 'tcp' && ['', '0.0.0.0', '::', '[::]'].includes(address),
  );
}

function onLoopback({ published, target }: ComposePort): string {
  return `["127.0.0.1:${published}:${target}"]`;
}

function subjectsOf({ model, services, dockerfiles, containers }: AdviceInput): Subject[] {
  const awaited = Object.values(model.services).flatMap(({ depends_on: needs }) =>
    Object.entries(needs ?? {}).flatMap(([name, { condition }]) =>
      condition === 'service_completed_successfully' ? [name] : [],
    ),
  );
  const built = new Set(
    Object.values(model.services).flatMap(({ build, image }) => (build && image ? [wholeName(image)] : [])),
  );
  return services.flatMap((name) => {
    const service = model.services[name];
    const own = containers.filter((container) => container.service === name);
    const ended = own.length > 0 && own.every(({ state, exitCode }) => state === 'exited' && exitCode === 0);
    if (service === undefined || awaited.includes(name) || ended || replicasOf(service) === 0) return [];
    const dockerfile = factsOf(service, dockerfiles[name]);
    // A service that runs what another one builds has no image of somebody else.
    const taken = built.has(wholeName(service.image ?? '')) ? null : service.image;
    const running = own.filter(({ state }) => state === 'running');
    return [{ name, service, dockerfile, image: taken ?? dockerfile?.base ?? null, containers: running }];
  });
}

function factsOf({ build }: ComposeService, text: string | undefined): DockerfileFacts | null {
  if (build === undefined || text === undefined) return null;
  return readDockerfile(text, {
    args: build.args ?? {},
    target: build.target,
    contexts: new Set(Object.keys(build.additional_contexts ?? {})),
  });
}

function names(subjects: readonly Subject[]): string {
  return joined(subjects.map(({ name }) => name));
}

/** A project with many services must not drown the report. */
function joined(words: readonly string[]): string {
  const most = 6;
  const shown = words.slice(0, most).join(', ');
  return words.length > most ? `${shown} and ${words.length - most} more` : shown;
}
