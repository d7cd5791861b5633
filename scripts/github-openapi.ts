import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';

/*
 * Makes test/fixtures/github-openapi.json: of GitHub's published description of its API (npm @octokit/openapi, 385 MB
 * unpacked, too much for everybody who runs `npm ci`) the paths that Homeport uses and what they refer to, unchanged.
 */

const version = '23.0.2';
const paths = [
  '/repos/{owner}/{repo}/deployments',
  '/repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
] as const;
const target = fileURLToPath(new URL('../test/fixtures/github-openapi.json', import.meta.url));

const record = z.record(z.string(), z.unknown());
const descriptionSchema = z.object({ info: record, paths: record, components: z.record(z.string(), record) });
type Description = z.output<typeof descriptionSchema>;

/** Downloads the package, whose content npm checks against the registry's digest. */
async function download(): Promise<Description> {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-openapi-'));
  try {
    const options = { cwd: folder, timeout: 300_000 };
    const { stdout } = await execa('npm', ['pack', '--silent', `@octokit/openapi@${version}`], options);
    const file = 'package/generated/api.github.com.json';
    await execa('tar', ['--extract', '--file', stdout.trim(), file], options);
    return descriptionSchema.parse(JSON.parse(await readFile(join(folder, file), 'utf8')));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** `#/components/schemas/deployment` → `['schemas', 'deployment']`, of everything that is referred to. */
function referencesIn(value: unknown): [kind: string, name: string][] {
  return [...JSON.stringify(value).matchAll(/"\$ref":\s*"#\/components\/([^/"]+)\/([^/"]+)"/g)].map(
    ([, kind = '', name = '']) => [kind, name],
  );
}

function subsetOf({ info, paths: all, components }: Description): Description {
  const own = Object.fromEntries(paths.map((path) => [path, all[path]]));
  const kept: Description['components'] = {};
  const open = referencesIn(own);
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [kind, name] = next;
    kept[kind] ??= {};
    if (name in kept[kind]) continue;
    kept[kind][name] = components[kind]?.[name];
    open.push(...referencesIn(kept[kind][name]));
  }
  // What comes back in an example is not checked against anything.
  delete kept.examples;
  return {
    info: { title: info.title, version: info.version, 'x-package': `@octokit/openapi@${version}` },
    paths: own,
    components: kept,
  };
}

await writeFile(target, JSON.stringify(subsetOf(await download())));
await execa('biome', ['format', '--write', target], { preferLocal: true, timeout: 60_000 });
