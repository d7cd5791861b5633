import { isAbsolute, join, relative, sep } from 'node:path';
import type { Source } from '../../deployment/facts.ts';
import type { Places } from '../../deployment/places.ts';
import { git, tryGit } from '../../hosts/git.ts';
import type { Host } from '../../hosts/host.ts';
import { type ComposeModel, secretsOfBuildsAlone } from './model.ts';

/** A repository file or folder that containers mount, by the content that git knows. */
export interface KeptFile {
  /** Of the blob or tree; its name under `files/`. */
  readonly oid: string;
  readonly kind: 'blob' | 'tree';
  readonly executable: boolean;
  /** Relative to the top of the checkout. */
  readonly path: string;
}

/** What becomes of each host path in the model that lies inside the checkout. */
export interface MountPlan {
  /** Absolute path as the model has it, to the path that the release mounts instead. */
  readonly replacements: ReadonlyMap<string, string>;
  readonly kept: readonly KeptFile[];
  /** Places of persistent data that must exist, with where the checkout has first contents for them. */
  readonly persistent: readonly { readonly place: string; readonly seed: string }[];
  /** Sentences for people: mounts that can't be kept safe. */
  readonly problems: readonly string[];
}

const placeholders = new Set(['.gitkeep', '.gitignore', '.keep', '.placeholder']);

/**
 * Plans how a release mounts what the model takes from the checkout: tracked files by content, so that the next checkout
 * can't change a running service; data only from `persistent-paths`; anything else is a problem.
 */
export async function planMounts(
  host: Host,
  options: { model: ComposeModel; source: Source; persistentPaths: readonly string[]; places: Places },
): Promise<MountPlan> {
  const { source, places } = options;
  const replacements = new Map<string, string>();
  const kept = new Map<string, KeptFile>();
  const persistent = new Map<string, string>();
  const declared = options.persistentPaths.map((entry) => parsePersistent(entry, source, places));
  const problems = declared.flatMap(({ path, place }) => [
    // Its place would be counted from the state folder, and climb out of that as well.
    ...(inside(source.root, path) ? [] : [`\`persistent-paths\` names ${path}, which is outside of the repository.`]),
    ...(isAbsolute(place) ? [] : [`\`persistent-paths\` names the place ${place}, which is no absolute path.`]),
  ]);

  for (const { path, who, writable, wayOut } of hostPaths(options.model)) {
    if (!inside(source.root, path) || replacements.has(path)) continue;
    const owner = declared.find((one) => path === one.path || inside(one.path, path));
    if (owner !== undefined) {
      const place = join(owner.place, relative(owner.path, path));
      replacements.set(path, place);
      persistent.set(owner.place, owner.path);
      continue;
    }
    const found = await lookUp(host, source.root, path, { writable, wayOut });
    if ('problem' in found) {
      problems.push(`${who} mounts ${relative(source.root, path) || '.'}, ${found.problem}`);
      continue;
    }
    kept.set(found.oid, found);
    replacements.set(path, join(places.files, found.oid));
  }
  return {
    replacements,
    kept: [...kept.values()],
    persistent: [...persistent].map(([place, seed]) => ({ place, seed })),
    problems,
  };
}

const wayOutOfData =
  'and such data would be lost or changed by the next checkout: name it in `persistent-paths`, use a named volume, or commit it.';
const wayOutOfText =
  'and the next checkout would take it away: say `environment: NAME` in place of `file:` and give the value in the input `secrets`, or commit the file.';

interface HostPath {
  readonly path: string;
  readonly who: string;
  readonly writable: boolean;
  /** The end of a sentence on a path that can't be kept. */
  readonly wayOut: string;
}

/** All host paths that the model mounts: bind mounts, and configs and secrets from files. */
function* hostPaths(model: ComposeModel): Generator<HostPath> {
  for (const [name, service] of Object.entries(model.services)) {
    for (const volume of service.volumes ?? []) {
      if (volume.type !== 'bind' || volume.source === undefined) continue;
      const path = unescapeDollars(volume.source);
      yield { path, who: `The service ${name}`, writable: volume.read_only !== true, wayOut: wayOutOfData };
    }
  }
  // A build reads its secrets where they are; no release mounts them.
  const onlyBuilt = secretsOfBuildsAlone(model);
  for (const section of ['configs', 'secrets'] as const) {
    for (const [name, entry] of Object.entries(model[section] ?? {})) {
      if (entry.file === undefined || (section === 'secrets' && onlyBuilt.has(name))) continue;
      const path = unescapeDollars(entry.file);
      yield { path, who: `The entry ${name} of ${section}`, writable: false, wayOut: wayOutOfText };
    }
  }
}

/** `docker compose config` prints `$` as `$$`. */
export function unescapeDollars(text: string): string {
  return text.replaceAll('$$', '$');
}

async function lookUp(
  host: Host,
  root: string,
  path: string,
  { writable, wayOut: way }: Pick<HostPath, 'writable' | 'wayOut'>,
): Promise<KeptFile | { problem: string }> {
  const place = relative(root, path);
  // A literal pathspec: a name with `*` or `:` means itself.
  const spec = `:(literal)${place}`;
  const entry =
    place === ''
      ? `040000 tree ${(await git(host, root, ['rev-parse', 'HEAD^{tree}'])).trim()}\t`
      : (await git(host, root, ['ls-tree', '--full-tree', '-z', 'HEAD', '--', spec])).split('\0')[0];
  const match = /^(\d+) (\w+) ([0-9a-f]+)\t/.exec(entry ?? '');
  if (!match) return { problem: `which is not a file or folder that git tracks at this commit, ${way}` };
  const [, mode, type, oid = ''] = match;
  if (type === 'commit') return { problem: `which is a git submodule, ${way}` };
  if (type === 'blob') {
    if (mode === '120000') return { problem: 'which is a symbolic link: mount the file that it points at.' };
    return { oid, kind: 'blob', executable: mode === '100755', path: place };
  }
  const entries = (await git(host, root, ['ls-tree', '-r', '-z', oid])).split('\0').filter(Boolean);
  const names = entries.map((one) => one.slice(one.indexOf('\t') + 1));
  const submodule = entries.findIndex((one) => one.startsWith('160000 '));
  if (submodule !== -1) return { problem: `which holds the git submodule ${names[submodule]}, ${way}` };
  const strangers = await git(host, root, ['ls-files', '--others', '-z', '--', place === '' ? '.' : spec]);
  const others = strangers.split('\0').filter((name) => name !== '');
  if (others.length > 0) {
    const some = others.slice(0, 3).join(', ');
    return { problem: `which holds ${others.length} files that git does not track (${some}), ${way}` };
  }
  if (writable && names.every((name) => placeholders.has(name.split('/').at(-1) ?? ''))) {
    return { problem: `which is an empty folder for data to come, ${way}` };
  }
  return { oid, kind: 'tree', executable: false, path: place };
}

function parsePersistent(entry: string, source: Source, places: Places): { path: string; place: string } {
  const [name = '', ...place] = entry.split('=');
  const path = join(source.workingDirectory, name.trim());
  return { path, place: place.join('=').trim() || join(places.persistent, relative(source.root, path)) };
}

function inside(folder: string, path: string): boolean {
  return path === folder || path.startsWith(folder.endsWith(sep) ? folder : `${folder}${sep}`);
}

/**
 * Puts the planned files under `files/<oid>`. What is there already is left alone, but must still be what git says: a
 * container that wrote into it would otherwise lose that data unseen. Gives those that were changed.
 */
export async function keepFiles(
  host: Host,
  root: string,
  places: Places,
  kept: readonly KeptFile[],
): Promise<string[]> {
  const changed: string[] = [];
  await host.files.makeFolder(places.files, 0o755);
  for (const file of kept) {
    const path = join(places.files, file.oid);
    if ((await host.files.stat(path)) !== null) {
      if (!(await isUnchanged(host, root, places, file))) changed.push(`${file.path} (${path})`);
      continue;
    }
    await checkOut(host, root, file, path);
  }
  return changed;
}

/** Writes the content next to its place and moves it there whole, so that a kill leaves no half of it. */
async function checkOut(host: Host, root: string, file: KeptFile, path: string): Promise<void> {
  const scratch = `${path}.partial`;
  await host.files.remove(scratch);
  await host.files.makeFolder(scratch, 0o755);
  try {
    await withIndex(host, path, async (env) => {
      // Under its own path: that is what the checkout's attributes (line ends, LFS) go by.
      if (file.kind === 'tree') {
        const prefix = file.path === '' ? [] : [`--prefix=${file.path}/`];
        await git(host, root, ['read-tree', ...prefix, file.oid], { env, changes: true });
      } else {
        const cacheInfo = `${file.executable ? '100755' : '100644'},${file.oid},${file.path}`;
        await git(host, root, ['update-index', '--add', '--cacheinfo', cacheInfo], { env, changes: true });
      }
      await git(host, root, ['checkout-index', '--all', `--prefix=${scratch}/`], { env, changes: true });
    });
    const made = join(scratch, file.path);
    await host.exec(['chmod', '-R', 'a+rX', made], { timeout: 60_000, record: false, changes: true });
    // What has the name must have the content, also after a power loss: a later deployment trusts it by its name.
    const sync = ['find', made, '-exec', 'sync', '--', '{}', '+'] as const;
    await host.exec(sync, { timeout: 120_000, record: false, changes: true });
    await host.files.rename(made, path);
  } finally {
    await host.files.remove(scratch);
  }
}

/** What a kill left of files that were being kept. Only under the project's lock. */
export async function removePartials(host: Host, places: Places): Promise<void> {
  for (const { name } of await host.files.list(places.files)) {
    if (/\.(partial|index|index\.lock)$/.test(name)) await host.files.remove(join(places.files, name));
  }
}

async function isUnchanged(host: Host, root: string, places: Places, file: KeptFile): Promise<boolean> {
  const place = join(places.files, file.oid);
  if (file.kind === 'blob') return (await objectIdOf(host, root, place, file.path)) === file.oid;
  return await withIndex(host, place, async (index) => {
    const env = { ...index, GIT_WORK_TREE: place };
    await git(host, root, ['read-tree', file.oid], { env, changes: true });
    // Exits with 1 when something differs, which the next question tells in full.
    await tryGit(host, root, ['update-index', '-q', '--refresh'], { env, changes: true });
    if ((await git(host, root, ['ls-files', '--others'], { env })) !== '') return false;
    const differing = (await git(host, root, ['diff-files', '--raw', '--no-abbrev', '-z'], { env })).split('\0');
    for (let at = 0; at + 1 < differing.length; at += 2) {
      const [mode, modeNow, oid, , status] = (differing[at] ?? '').slice(1).split(' ');
      const name = differing[at + 1] ?? '';
      if (status !== 'M' || mode !== modeNow || mode === '120000') return false;
      // Seen from the folder alone, what the attributes of the whole checkout made of a file looks like a change.
      if ((await objectIdOf(host, root, join(place, name), join(file.path, name))) !== oid) return false;
    }
    return true;
  });
}

/** Of what git would store for that file, were it at `as` in the checkout: by the attributes of that path. */
async function objectIdOf(host: Host, root: string, path: string, as: string): Promise<string> {
  return (await git(host, root, ['hash-object', `--path=${as}`, '--', path])).trim();
}

/** With an index file of its own beside `path`; a killed one's is not in the way. */
async function withIndex<T>(host: Host, path: string, use: (env: Record<string, string>) => Promise<T>): Promise<T> {
  const index = `${path}.index`;
  const remove = async (): Promise<void> => {
    await host.files.remove(index);
    await host.files.remove(`${index}.lock`);
  };
  await remove();
  try {
    return await use({ GIT_INDEX_FILE: index });
  } finally {
    await remove();
  }
}
