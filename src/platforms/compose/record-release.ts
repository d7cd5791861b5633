import { HomeportError } from '../../deployment/error.ts';
import { known } from '../../deployment/facts.ts';
import { releaseTag } from '../../deployment/ids.ts';
import { releaseFolder } from '../../deployment/places.ts';
import { writtenSmoke } from '../../deployment/recorded-smoke.ts';
import { composePath, environmentPath, type Release, writeRelease } from '../../deployment/release.ts';
import type { StageContext } from '../../deployment/stage.ts';
import { git } from '../../hosts/git.ts';
import { type ImageSource, tagImage, untagImage } from './images.ts';
import { replicasOf } from './model.ts';
import { type KeptFile, keepFiles } from './mounts.ts';
import { digestOf, renderRelease, toYaml } from './render.ts';
import { valuesFor } from './values.ts';

/**
 * Writes the candidate release: rendered model and environment 0600, its files by content, its images pinned. When the
 * same commit would run the very same thing as the current release, that one is taken and nothing new is recorded.
 */
export async function recordRelease(
  context: StageContext,
  sources: readonly ImageSource[],
  settled: Readonly<Record<string, { name: string; id: string }>>,
): Promise<void> {
  const { facts, host, places, request } = context;
  const source = known(facts.source, 'source');
  const mounts = known(facts.mounts, 'mounts');
  const model = known(facts.model, 'model');
  const images = Object.fromEntries(Object.entries(settled).map(([service, image]) => [service, image.name]));
  const rendered = renderRelease({ model, images, mounts });
  const yaml = toYaml(rendered);
  const smoke = writtenSmoke(request.smoke);
  const variables = { ...(await valuesFor(context, rendered)), ...request.secrets };
  const environment = JSON.stringify(variables, Object.keys(variables).sort());
  const ids = JSON.stringify(Object.entries(settled).map(([service, image]) => [service, image.id]));
  const digest = digestOf(yaml, environment, ids, JSON.stringify(smoke));
  facts.environment = variables;

  const current = facts.snapshot?.release ?? null;
  if (current !== null && current.commit === source.commit && current.digest === digest) {
    context.say(`nothing differs from the release ${current.id} that runs`);
    for (const one of sources) {
      if (one.from === 'built') await untagImage(host, one.name);
    }
    await host.files.remove(releaseFolder(places, facts.id));
    facts.release = current;
    return;
  }

  const tree = request.smoke.some((check) => 'run' in check) ? await workingTree(context) : null;
  const kept = [...mounts.kept, ...(tree === null ? [] : [tree])];
  const written = await keepFiles(host, source.root, places, kept);
  if (written.length > 0) {
    throw new HomeportError(`Containers wrote into repository files that they mount: ${written.join(', ')}.`, {
      hint: 'Data must not live there: name the folder in `persistent-paths`, and move what was written.',
    });
  }
  for (const { place, seed } of mounts.persistent) await seedPersistent(context, place, seed);

  const release: Release = {
    schema: 1,
    id: facts.id,
    project: facts.project,
    commit: source.commit,
    branch: source.branch,
    repository: null,
    created_at: new Date().toISOString(),
    verdict: 'candidate',
    good_at: null,
    origin: 'deployed',
    digest,
    environment_digest: digestOf(environment),
    services: Object.fromEntries(
      sources.map(({ service, publicName }) => {
        const image = known(settled[service], service);
        const own = known(model.services[service], service);
        return [
          service,
          {
            image: image.name,
            image_id: image.id,
            pin: releaseTag(facts.project, service, facts.id),
            public_name: publicName,
            replicas: replicasOf(own),
          },
        ];
      }),
    ),
    files: kept.map((file) => file.oid),
    smoke,
    working_tree: tree?.oid ?? null,
    working_directory: source.workingDirectory,
  };
  await host.files.makeFolder(releaseFolder(places, release.id), 0o700);
  await host.files.writeText(composePath(places, release.id), yaml, 0o600);
  await host.files.writeText(environmentPath(places, release.id), environment, 0o600);
  await writeRelease(host.files, places, release);
  await Promise.all(Object.values(release.services).map((service) => tagImage(host, service.image_id, service.pin)));
  facts.release = release;
}

/** The tracked working directory, for scripts that smoke checks run: a rollback runs those of its own commit. */
async function workingTree(context: StageContext): Promise<KeptFile> {
  const { root, workingDirectory } = known(context.facts.source, 'source');
  const path = workingDirectory === root ? '' : workingDirectory.slice(root.length + 1);
  const oid = await git(context.host, root, ['rev-parse', `HEAD:${path}`]);
  return { oid: oid.trim(), kind: 'tree', executable: false, path };
}

/** Persistent data begins as what the checkout has there, once; from then on it belongs to the services. */
async function seedPersistent(context: StageContext, place: string, seed: string): Promise<void> {
  const { files } = context.host;
  if ((await files.stat(place)) !== null) return;
  await files.makeFolder(place, 0o755);
  if ((await files.stat(seed)) === null) return;
  context.say(`the data of ${seed} begins its life in ${place}`);
  const copied = await context.host.exec(['cp', '--archive', '--no-target-directory', seed, place], {
    timeout: context.remaining(),
    changes: true,
  });
  if (copied.outcome !== 'success') {
    await files.remove(place);
    throw new HomeportError(`The data of ${seed} could not be copied to ${place}: ${copied.tail}`, {
      hint: 'Check the permissions and the free space of both.',
    });
  }
}
