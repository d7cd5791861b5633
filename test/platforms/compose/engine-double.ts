import type { StageContext } from '../../../src/deployment/stage.ts';
import type { Host } from '../../../src/hosts/host.ts';
import type { Expectation } from '../../../src/platforms/compose/watch.ts';
import { runStages, stage, stubHost } from '../../deployment/support.ts';

/** What the engine says of a container: running and well, unless told otherwise. */
export interface Seen {
  readonly service: string;
  readonly id?: string;
  readonly state?: string;
  readonly exitCode?: number;
  readonly health?: string;
  readonly healthOutput?: string;
  readonly restarts?: number;
  readonly policy?: string;
  readonly oomKilled?: boolean;
  readonly startedAt?: Date;
  readonly oneOff?: boolean;
}

/** What the engine says at one moment; the last moment goes on for ever. */
export type Moment = readonly Seen[];

/** A Docker whose `ps`, `inspect` and `logs` answer as scripted, one moment after another. */
export function engineThatSays(
  moments: readonly Moment[],
  log = 'last words',
): Host & { readonly asked: () => number } {
  let asked = 0;
  let listed = false;
  const host = stubHost((argv, options) => {
    // A look begins with the list, or at once where it is known which containers are meant.
    if (argv[1] === 'ps' || (argv[1] === 'inspect' && !listed)) asked += 1;
    const now = moments[Math.min(Math.max(asked - 1, 0), moments.length - 1)] ?? [];
    if (argv[1] === 'ps') {
      listed = true;
      return {
        stdout: now
          .map(
            (one) =>
              `${[idOf(one), `shop-${one.service}-1`, one.state ?? 'running', one.service, oneOffOf(one)].join('\t')}\n`,
          )
          .join(''),
      };
    }
    if (argv[1] === 'inspect') {
      listed = false;
      return { stdout: JSON.stringify(now.filter((one) => argv.includes(idOf(one))).map(inspected)) };
    }
    if (argv[1] === 'logs') options.onLine?.(`${argv.at(-1)}: ${log}`, 'stdout');
    return {};
  });
  return { ...host, asked: () => asked };
}

export function idOf(seen: Seen): string {
  return seen.id ?? `id-${seen.service}`;
}

function oneOffOf(seen: Seen): string {
  return seen.oneOff === true ? 'True' : 'False';
}

function inspected(seen: Seen): object {
  return {
    Id: idOf(seen),
    Name: `/shop-${seen.service}-1`,
    Image: 'sha256:1',
    RestartCount: seen.restarts ?? 0,
    State: {
      Status: seen.state ?? 'running',
      ExitCode: seen.exitCode ?? 0,
      OOMKilled: seen.oomKilled ?? false,
      StartedAt: (seen.startedAt ?? new Date(0)).toISOString(),
      ...(seen.health === undefined
        ? {}
        : { Health: { Status: seen.health, Log: [{ Output: seen.healthOutput ?? '' }] } }),
    },
    Config: {
      Image: 'image',
      Labels: { 'com.docker.compose.service': seen.service, 'com.docker.compose.oneoff': oneOffOf(seen) },
      Env: ['A=b=c'],
    },
    HostConfig: { NetworkMode: 'shop_default', RestartPolicy: { Name: seen.policy ?? 'unless-stopped' } },
    NetworkSettings: { Ports: {}, Networks: {} },
    Mounts: [],
  };
}

export function expecting(
  replicas: Record<string, number>,
  untouched: readonly string[] = [],
  existing: readonly string[] = [],
): Expectation {
  return { project: 'shop', replicas, untouched: new Set(untouched), existing: new Set(existing) };
}

/** Works in the context of a stage; gives what it gave, and the lines that it said. */
export async function inStage<T>(
  host: Host,
  work: (context: StageContext) => Promise<T>,
  signal?: AbortSignal,
): Promise<{ gave: T; said: string[] }> {
  const outcome: { gave: T }[] = [];
  const run = async (context: StageContext): Promise<void> => {
    outcome.push({ gave: await work(context) });
  };
  const { result, events } = await runStages([stage('start', { run })], {
    host,
    secrets: ['hunter2'],
    ...(signal === undefined ? {} : { signal }),
  });
  if (result.failure !== null) throw result.failure.error;
  const [only] = outcome;
  if (only === undefined) throw new Error('the stage did not run');
  return { gave: only.gave, said: events.flatMap((event) => (event.type === 'line' ? [event.text] : [])) };
}
