import { z } from 'zod';
import { tryParseJson } from '../request/parse-json.ts';
import type { ResourcesCheck } from '../request/schema.ts';
import { type Attempt, failed, firstBytes, passed, wrong } from './attempt.ts';
import type { CheckContext } from './check.ts';
import { type ContainerFacts, type FileSystemUse, readDf, readInspected, readStats } from './container-use.ts';

/** One thing that was measured. */
interface Figure {
  readonly what: 'memory' | 'cpu' | 'disk' | 'restarts';
  /** The container or the file system. */
  readonly where: string;
  /** Percent, or how many restarts; `null` where nobody could tell. */
  readonly value: number | null;
  readonly limit: number;
  readonly detail: string;
}

type Ask = (...argv: readonly [string, ...string[]]) => Promise<string>;

/**
 * What the release's containers take: memory (of their limit, else of the host's), CPU (of those that they may use, over
 * about a second), restarts since the deployment began, and how full the disks of Docker and of the state folder are.
 * What Docker doesn't tell is said, and doesn't fail the check.
 */
export async function tryResources(check: ResourcesCheck, context: CheckContext): Promise<Attempt> {
  if (context.containers.length === 0) return wrong('the release has no running container');
  const { memory, cpu, disk, restarts } = check.resources;
  const ask = askWith(check, context);
  const [facts, engine] = await Promise.all([
    cpu === undefined && restarts === undefined ? [] : inspect(ask, context),
    cpu === undefined && disk === undefined ? null : engineFacts(ask),
  ]);
  const figures = await Promise.all([
    memory === undefined && cpu === undefined ? [] : useOf(check, { ask, context, facts, cpus: engine?.NCPU ?? 1 }),
    disk === undefined ? [] : disks(disk, engine?.DockerRootDir ?? '', ask, context),
    restarts === undefined ? [] : restartsOf(restarts, facts, context),
  ]);
  return judge(figures.flat(), context.say);
}

/** `resources memory 90 %, restarts 0` */
export function titleOfResources({ resources }: ResourcesCheck): string {
  const limits = Object.entries(resources).flatMap(([name, limit]) =>
    limit === undefined ? [] : [`${name} ${name === 'restarts' ? limit : `${limit} %`}`],
  );
  return `resources ${limits.join(', ')}`;
}

function judge(figures: readonly Figure[], say: CheckContext['say']): Attempt {
  for (const { what, where, value } of figures) {
    if (value === null) say(`resources: nobody tells the ${what} of ${where} here: it is not checked`);
  }
  const over = figures.filter(({ value, limit }) => value !== null && value > limit);
  if (over.length === 0) {
    say(
      `resources: ${(['memory', 'cpu', 'disk', 'restarts'] as const).flatMap((what) => most(figures, what)).join(', ')}`,
    );
    return passed;
  }
  const seen = over.map((figure) => `${wordsOf(figure)}, the limit is ${amount(figure.what, figure.limit)}`).join('\n');
  // They are never fewer at the next attempt.
  return over.some(({ what }) => what === 'restarts') ? wrong(seen) : failed(seen);
}

function most(figures: readonly Figure[], what: Figure['what']): string[] {
  const told = figures.filter((figure) => figure.what === what && figure.value !== null);
  const [highest] = told.sort((a, b) => (b.value ?? 0) - (a.value ?? 0));
  return highest === undefined ? [] : [`${what} ${amount(what, highest.value ?? 0)} at most (${highest.where})`];
}

function wordsOf({ what, where, value, detail }: Figure): string {
  const more = detail === '' ? '' : ` (${detail})`;
  return `${where}: ${what} ${amount(what, value ?? 0)}${more}`;
}

/** Rounded up: what is too much never reads as the limit itself. */
function amount(what: Figure['what'], value: number): string {
  return what === 'restarts' ? `${value}` : `${Math.ceil(value * 10 - 1e-9) / 10} %`;
}

interface Measuring {
  readonly ask: Ask;
  readonly context: CheckContext;
  readonly facts: readonly ContainerFacts[];
  /** Of the host. */
  readonly cpus: number;
}

async function useOf(check: ResourcesCheck, { ask, context, facts, cpus }: Measuring): Promise<Figure[]> {
  const ids = context.containers.map(({ id }) => id);
  const format = ['--no-stream', '--no-trunc', '--format', '{{json .}}'];
  const stats = readStats(await ask('docker', 'stats', ...format, ...ids));
  const { memory, cpu } = check.resources;
  return context.containers.flatMap(({ id, name }): Figure[] => {
    const use = stats.find((one) => one.id === id);
    const limit = Math.min(facts.find((one) => one.id === id)?.cpus ?? cpus, cpus);
    const share = use?.cpu == null ? null : use.cpu / limit;
    const detail = `of ${limit} ${limit === 1 ? 'CPU' : 'CPUs'}`;
    const figures: Figure[] = [];
    if (memory !== undefined) {
      const told = { value: use?.memory ?? null, detail: use?.memoryUse ?? '' };
      figures.push({ what: 'memory', where: name, limit: memory, ...told });
    }
    if (cpu !== undefined) figures.push({ what: 'cpu', where: name, value: share, limit: cpu, detail });
    return figures;
  });
}

function restartsOf(limit: number, facts: readonly ContainerFacts[], context: CheckContext): Figure[] {
  return context.containers.map(({ id, name, restartsBefore }) => {
    const count = facts.find((one) => one.id === id)?.restartCount ?? null;
    // Docker begins to count again when somebody starts the container by hand.
    const since = count === null ? null : count < restartsBefore ? count : count - restartsBefore;
    return { what: 'restarts', where: name, value: since, limit, detail: '' };
  });
}

/** One figure a file system: Docker and the state folder are often on the same. */
async function disks(limit: number, engineRoot: string, ask: Ask, context: CheckContext): Promise<Figure[]> {
  const found = new Map<string, Figure>();
  const places = { "Docker's data": engineRoot, 'the state folder': context.stateFolder };
  for (const [whose, folder] of Object.entries(places)) {
    const use = await useOfDisk(folder, ask, context);
    const where = use === null ? `the disk of ${whose}` : use.mountPoint;
    const before = found.get(where)?.detail;
    const detail = before === undefined ? whose : `${before} and ${whose}`;
    found.set(where, { what: 'disk', where, value: use?.used ?? null, limit, detail });
  }
  return [...found.values()];
}

/** `null` where the folder isn't on this host (a remote engine), or where its file system tells nothing. */
async function useOfDisk(folder: string, ask: Ask, { host }: CheckContext): Promise<FileSystemUse | null> {
  if (!folder.startsWith('/') || (await host.files.stat(folder).catch(() => null)) === null) return null;
  return readDf(await ask('df', '-Pk', folder));
}

async function inspect(ask: Ask, { containers }: CheckContext): Promise<ContainerFacts[]> {
  return readInspected(await ask('docker', 'inspect', '--type', 'container', ...containers.map(({ id }) => id)));
}

const engineSchema = z.object({ NCPU: z.number().positive(), DockerRootDir: z.string() });

async function engineFacts(ask: Ask): Promise<z.infer<typeof engineSchema>> {
  const parsed = engineSchema.safeParse(tryParseJson(await ask('docker', 'info', '--format', '{{json .}}')));
  if (!parsed.success) throw new Error("`docker info` printed what Homeport can't read");
  return parsed.data;
}

/** Runs a question to its end and gives what it printed, all within one time-out; throws `Error` where it fails. */
function askWith(check: ResourcesCheck, { host, signal }: CheckContext): Ask {
  const until = performance.now() + check.timeout;
  return async (...argv) => {
    const timeout = Math.max(1, until - performance.now());
    const result = await host.exec(argv, { timeout, signal, record: false });
    if (result.outcome === 'success') return result.stdout;
    const what = argv.slice(0, 2).join(' ');
    const how = result.outcome === 'timeout' ? 'did not end in time' : 'failed';
    throw new Error(`\`${what}\` ${how}: ${firstBytes(result.tail)}`);
  };
}
