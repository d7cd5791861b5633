import { exitCodes } from '../deployment/error.ts';
import { releaseFolder } from '../deployment/places.ts';
import { currentRelease, listReleases, type Release, releaseBefore } from '../deployment/release.ts';
import type { Report } from '../deployment/report.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { tryGit } from '../hosts/git.ts';
import { adoptRunning } from '../platforms/compose/adopt.ts';
import { tagImage, untagImage } from '../platforms/compose/images.ts';
import { imageIdsOf, type ObservedContainer, observe } from '../platforms/compose/observe.ts';

/** Records what runs, by image ID, before anything is built: the only thing that a rollback may trust. */
export function snapshotStage(needs: Stage['needs']): Stage {
  return {
    name: 'snapshot',
    needs,
    intent: 'record what runs now, by image ID',
    exitCode: exitCodes.aborted,
    run: async (context) => {
      const { host, facts, places } = context;
      const containers = facts.containers ?? (await observe(host, facts.project));
      const recorded = await currentRelease(host.files, places);
      const runs = containers.some((container) => container.state === 'running');
      const release = recorded === null && runs ? await adoptRunning(context, containers) : recorded;
      facts.snapshot = { containers, release };
      for (const container of containers) {
        context.say(`${container.service}: ${container.name} ${container.imageId.slice(7, 19)} ${container.state}`);
      }
      if (containers.length === 0) context.say('nothing of this project runs yet');
      const [commits] = await Promise.all([
        commitsSince(context, release?.commit ?? null),
        warnOfGoneImages(context, release),
        release === null ? null : context.change('pin', 'forget', () => pinImages(context, release, containers)),
      ]);
      facts.changes.commits = commits;
    },
    cleanUp: forgetAdopted,
  };
}

/** The images of the last good release before the running one are in no container's use: `docker image prune -a` takes them. */
async function warnOfGoneImages(context: StageContext, running: Release | null): Promise<void> {
  const { host, places } = context;
  const before = running === null ? null : releaseBefore(await listReleases(host.files, places), running);
  if (before === null) return;
  const services = Object.entries(before.services);
  const ids = await imageIdsOf(
    host,
    services.map(([, { image_id }]) => image_id),
  );
  const gone = services.filter(([, { image_id }]) => ids.get(image_id) === null).map(([name]) => name);
  if (gone.length === 0) return;
  context.warn(
    `The image of ${gone.join(', ')} in the last good release before the running one (${before.id}) is gone: \`homeport rollback\` can't go there. Somebody removed it, by \`docker image prune --all\` perhaps.`,
  );
}

/** What a kill in the middle left of recording the containers that ran before: the next deployment records them anew. */
async function forgetAdopted({ host, facts, places }: StageContext): Promise<void> {
  const { adopted } = facts;
  if (adopted === undefined || (await currentRelease(host.files, places))?.id === adopted) return;
  await Promise.all(facts.tags.map((tag) => untagImage(host, tag)));
  await host.files.remove(releaseFolder(places, adopted));
}

/** The newest 20 commits since the release that runs; only the present one where the history isn't there to tell. */
async function commitsSince(context: StageContext, before: string | null): Promise<Report['changes']['commits']> {
  const { source } = context.facts;
  if (source === undefined) return [];
  const format = ['--no-show-signature', '--format=%H%x1f%s%x1f%an%x1e'];
  const since =
    before === null ? null : await tryGit(context.host, source.root, ['log', '-20', ...format, `${before}..HEAD`]);
  const told = since?.ok ? since : await tryGit(context.host, source.root, ['log', '-1', ...format]);
  return told.stdout.split('\x1e').flatMap((line) => {
    const [sha = '', subject = '', author = ''] = line.trim().split('\x1f');
    return sha === '' ? [] : [{ sha, subject: context.redact(subject), author: context.redact(author) }];
  });
}

/** Whatever somebody untagged or moved since, the way back keeps its images. */
async function pinImages(
  context: StageContext,
  release: Release,
  containers: readonly ObservedContainer[],
): Promise<void> {
  const services = Object.entries(release.services);
  const ids = await imageIdsOf(
    context.host,
    services.flatMap(([, service]) => [service.pin, service.image_id]),
  );
  const pin = async ([name, service]: [string, Release['services'][string]]): Promise<void> => {
    const container = containers.find((one) => one.service === name);
    if (container !== undefined && container.imageId !== service.image_id) {
      context.warn(
        `The service ${name} runs another image than the release ${release.id} recorded: somebody changed it by hand. A rollback goes to the recorded one.`,
      );
    }
    if (ids.get(service.pin) === service.image_id) return;
    if (ids.get(service.image_id) === null) {
      context.warn(
        `The image of ${name} in the release ${release.id} is gone: this deployment could not be rolled back.`,
      );
      return;
    }
    await tagImage(context.host, service.image_id, service.pin);
  };
  await Promise.all(services.map(pin));
}
