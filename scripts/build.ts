import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { minify } from 'terser';
import { z } from 'zod';
import { settingsSchemaText } from '../src/request/json-schema.ts';

/*
 * Bundles each door into dist/<door>/ by ncc. `--check` builds next to it and compares: what GitHub runs must be what
 * the source says. The JSON Schema of homeport.yml lies there too, for editors.
 */

const root = fileURLToPath(new URL('..', import.meta.url));
const doors = [
  { name: 'main', entry: 'action/main.js' },
  { name: 'post', entry: 'action/post.js' },
  { name: 'cli', entry: 'cli/main.js' },
] as const;

/** TypeScript first, then ncc on plain modules: ncc's own TypeScript step knows neither `.ts` imports nor TypeScript 6. */
async function build(into: string): Promise<void> {
  // Inside node_modules, so that the bare imports resolve; always by the same name, since the bundler numbers by paths.
  const modules = join(root, 'node_modules', '.cache', 'homeport-build');
  await rm(modules, { recursive: true, force: true });
  await mkdir(modules, { recursive: true });
  try {
    await writeFile(join(modules, 'package.json'), '{"type": "module"}');
    await run('tsc', ['--project', 'scripts/tsconfig.build.json', '--outDir', modules]);
    for (const { name, entry } of doors) {
      const out = join(into, name);
      await rm(out, { recursive: true, force: true });
      const stats = join(modules, `${name}.stats.json`);
      await run('ncc', ['build', join(modules, entry), '--out', out, '--target', 'es2024', '--stats-out', stats]);
      await minifyAll(out);
      await writeFile(join(out, 'licenses.txt'), await licensesOf(stats));
    }
    await writeFile(join(into, 'homeport.schema.json'), settingsSchemaText());
  } finally {
    await rm(modules, { recursive: true, force: true });
  }
}

/** ncc minifies the entry alone, and most of the code is in the chunks that are loaded later. */
async function minifyAll(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.endsWith('.js')) continue;
    const path = join(folder, name);
    const source = await readFile(path, 'utf8');
    const { code } = await minify(source, { module: true, ecma: 2020, format: { comments: false } });
    if (code === undefined) throw new Error(`${name} could not be minified`);
    await writeFile(path, `${code}\n`);
  }
}

const statsSchema = z.object({
  modules: z.array(z.object({ name: z.string(), modules: z.array(z.object({ name: z.string() })).optional() })),
});

/** The licence of every package of which something is in the bundle. */
async function licensesOf(stats: string): Promise<string> {
  const { modules } = statsSchema.parse(JSON.parse(await readFile(stats, 'utf8')));
  const paths = modules.flatMap((module) => [module.name, ...(module.modules ?? []).map(({ name }) => name)]);
  const folders = paths.flatMap((path) => /.*node_modules\/(?:@[^/]+\/)?[^/.@][^/]*(?=\/)/.exec(path)?.[0] ?? []);
  const texts: string[] = [];
  for (const folder of [...new Set(folders)].sort()) {
    const place = join(root, folder.slice(folder.indexOf('node_modules')));
    const { name, version, license } = packageSchema.parse(
      JSON.parse(await readFile(join(place, 'package.json'), 'utf8')),
    );
    const file = (await readdir(place)).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    const text = file === undefined ? '' : `\n${(await readFile(join(place, file), 'utf8')).trim()}\n`;
    texts.push(`${name} ${version}\n${license}\n${text}`);
  }
  return texts.join('\n');
}

const packageSchema = z.object({ name: z.string(), version: z.string(), license: z.string() });

async function run(command: string, args: readonly string[]): Promise<void> {
  await execa(command, args, {
    cwd: root,
    preferLocal: true,
    timeout: 300_000,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
}

/** All files below a folder by their path in it. */
async function contents(folder: string): Promise<Map<string, Buffer>> {
  const found = new Map<string, Buffer>();
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) found.set(path.slice(folder.length + 1), await readFile(path));
  }
  return found;
}

async function check(): Promise<void> {
  const scratch = await mkdtemp(join(tmpdir(), 'homeport-dist-'));
  try {
    await build(scratch);
    const [fresh, committed] = await Promise.all([contents(scratch), contents(join(root, 'dist'))]);
    const names = [...new Set([...fresh.keys(), ...committed.keys()])].sort();
    const differing = names.filter((name) => !fresh.get(name)?.equals(committed.get(name) ?? Buffer.alloc(0)));
    if (differing.length > 0) {
      process.stderr.write(`dist/ is not what the source says: ${differing.join(', ')}. Run \`npm run build\`.\n`);
      process.exitCode = 1;
    } else process.stdout.write(`dist/ equals a fresh build (${names.length} files)\n`);
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
}

await (process.argv.includes('--check') ? check() : build(join(root, 'dist')));
