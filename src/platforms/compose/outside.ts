import { HomeportError } from '../../deployment/error.ts';
import type { Host } from '../../hosts/host.ts';
import type { ComposeModel, ComposeService } from './model.ts';

/**
 * What these services need of the engine that is not theirs, and is not there: external networks and volumes, and names
 * of containers that somebody else has. Compose would say so only when it starts them, after the migration.
 * `null` when all is well. Throws `HomeportError` when the engine doesn't answer.
 */
export async function missingOutside(
  host: Host,
  model: ComposeModel,
  services: readonly string[],
  project: string,
): Promise<HomeportError | null> {
  const taking = services.flatMap((name) => (model.services[name] === undefined ? [] : [model.services[name]]));
  const problems = (
    await Promise.all([
      missing(host, 'network', external(model.networks, taking.flatMap(networksOf))),
      missing(host, 'volume', external(model.volumes, taking.flatMap(volumesOf))),
      takenNames(
        host,
        taking.flatMap((service) => service.container_name ?? []),
        project,
      ),
    ])
  ).flat();
  if (problems.length === 0) return null;
  return new HomeportError(problems.map(({ message }) => message).join(' '), {
    hint: problems.map(({ hint }) => hint).join(' '),
  });
}

interface Problem {
  readonly message: string;
  readonly hint: string;
}

function networksOf(service: ComposeService): string[] {
  return Object.keys(service.networks ?? {});
}

function volumesOf(service: ComposeService): string[] {
  return (service.volumes ?? []).flatMap(({ type, source }) =>
    type === 'volume' && source !== undefined ? source : [],
  );
}

/** The names on the host of those that the model calls external. */
function external(section: ComposeModel['networks'], used: readonly string[]): string[] {
  const found = used.flatMap((key) => (section?.[key]?.external === true ? [section[key].name ?? key] : []));
  return [...new Set(found)].sort();
}

async function missing(host: Host, kind: 'network' | 'volume', names: readonly string[]): Promise<Problem[]> {
  if (names.length === 0) return [];
  const there = new Set(await lines(host, ['docker', kind, 'ls', '--format', '{{.Name}}']));
  return names
    .filter((name) => !there.has(name))
    .map((name) => ({
      message: `The external ${kind} ${name} is not on this host.`,
      hint: `Make it once (\`docker ${kind} create ${name}\`), start the project that it belongs to, or take \`external: true\` away so that this project makes its own.`,
    }));
}

async function takenNames(host: Host, names: readonly string[], project: string): Promise<Problem[]> {
  if (names.length === 0) return [];
  const format = '{{.Names}}\t{{.Label "com.docker.compose.project"}}';
  const there = await lines(host, ['docker', 'ps', '--all', '--no-trunc', '--format', format]);
  return there.flatMap((line) => {
    const [name = '', owner = ''] = line.split('\t');
    if (!names.includes(name) || owner === project) return [];
    const other = owner === '' ? '' : `; if that is this very project, under another name, say \`project: ${owner}\``;
    return [
      {
        message: `The name ${name} (\`container_name\`) is taken by a container ${owner === '' ? 'of no Compose project' : `of the project ${owner}`}.`,
        hint: `Remove that container (\`docker rm --force ${name}\`) or choose another \`container_name\`${other}.`,
      },
    ];
  });
}

async function lines(host: Host, argv: readonly [string, ...string[]]): Promise<string[]> {
  const told = await host.exec(argv, { timeout: 20_000, record: false });
  if (told.outcome !== 'success') {
    throw new HomeportError(`The Docker engine did not answer: ${told.tail.split('\n').at(-1) ?? ''}`.trim(), {
      hint: 'Look at `systemctl status docker` and `docker info` on the host.',
    });
  }
  return told.stdout.split('\n').filter((line) => line !== '');
}
