import { messageOf, run, type Say, tryRun } from './machine/commands.ts';
import { tryPull } from './machine/registry.ts';
import { BASE_IMAGES, type BaseImage, StandIns } from './machine/stand-ins.ts';

export type { BaseImage } from './machine/stand-ins.ts';

export interface Images {
  /** The images that were not there before: pulled, made, or loaded from the cache. */
  made: string[];
  /** Removes those again, except what a container still uses or what has been replaced since. */
  remove(): Promise<void>;
}

/**
 * Makes sure that the engine has these base images: as they are, else from the registry, else, where none answers, made
 * from the distribution's packages (and kept in the cache for the next time).
 * @throws with the names and reasons of those it couldn't get; what it had made by then is removed
 */
export async function ensureImages(names: readonly BaseImage[], say: Say): Promise<Images> {
  const present = await Promise.all(names.map(imageId));
  const missing = [...new Set(names.filter((_, index) => present[index] === undefined))];
  const pulled = await pullAll(missing, say);
  const toMake = missing.filter((name) => !pulled.includes(name));
  const ids = new Map<string, string>();
  await recordIds(pulled, ids);

  const images: Images = { made: missing, remove: () => removeImages(ids) };
  if (toMake.length === 0) return images;
  const failures = await makeAll(toMake, ids, say);
  if (failures.length === 0) return images;
  await images.remove();
  throw new Error(`No image registry answers, and these base images can't be made here. ${failures.join(' ')}`);
}

async function pullAll(names: readonly BaseImage[], say: Say): Promise<BaseImage[]> {
  const pulled: BaseImage[] = [];
  for (const name of names) {
    say(`Pulling ${name}.`);
    const pull = await tryPull(name);
    if (pull.outcome === 'pulled') pulled.push(name);
    if (pull.outcome === 'refused') say(`The registry doesn't give ${name}: ${pull.reason}`);
    if (pull.outcome === 'unreachable') {
      say(`No image registry answers (${pull.reason}). What is missing is made from packages instead.`);
      break;
    }
  }
  return pulled;
}

async function recordIds(names: readonly string[], ids: Map<string, string>): Promise<void> {
  for (const name of names) {
    const id = await imageId(name);
    if (id !== undefined) ids.set(name, id);
  }
}

/** Makes the images side by side and tags them; gives one sentence for each that failed. */
async function makeAll(names: readonly BaseImage[], ids: Map<string, string>, say: Say): Promise<string[]> {
  const standIns = new StandIns(say);
  const failures: string[] = [];
  await Promise.all(
    names.map(async (name) => {
      const start = performance.now();
      try {
        const { id, isFromCache } = await standIns.make(name);
        await run(['docker', 'tag', id, name], { seconds: 30 });
        ids.set(name, id);
        const seconds = ((performance.now() - start) / 1000).toFixed(1);
        say(isFromCache ? `Loaded ${name} from the cache in ${seconds} s.` : `Made ${name} in ${seconds} s.`);
      } catch (error) {
        failures.push(`${name}: ${messageOf(error)}.`);
      }
    }),
  );
  await standIns.close();
  return failures;
}

async function removeImages(ids: ReadonlyMap<string, string>): Promise<void> {
  for (const [name, id] of ids) {
    // Somebody may have pulled or built another image under this name since.
    if ((await imageId(name)) !== id) continue;
    // Removing the tag removes the image when it has no other; in use by a container it fails, and stays.
    await tryRun(['docker', 'image', 'rm', name], { seconds: 60 });
  }
}

async function imageId(name: string): Promise<string | undefined> {
  const answer = await tryRun(['docker', 'image', 'inspect', '--format', '{{.Id}}', name], { seconds: 30 });
  return answer.ok ? answer.stdout.trim() : undefined;
}

function readNames(args: readonly string[]): BaseImage[] {
  if (args.length === 0) return [...BASE_IMAGES];
  return args.map((arg) => {
    const name = BASE_IMAGES.find((known) => known === arg);
    if (name === undefined) throw new Error(`Unknown image ${arg}: choose from ${BASE_IMAGES.join(', ')}.`);
    return name;
  });
}

if (import.meta.main) {
  try {
    const names = readNames(process.argv.slice(2));
    const { made } = await ensureImages(names, console.log);
    console.log(made.length === 0 ? 'All images are there.' : `Left here: ${made.join(', ')}.`);
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
