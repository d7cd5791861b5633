import { exitCodes, messageOf } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import { rollbackTag } from '../deployment/ids.ts';
import { releaseFolder } from '../deployment/places.ts';
import { listReleases, nextGoodAt, type Release, releaseBefore, writeRelease } from '../deployment/release.ts';
import { expiredReleases, unusedFiles, unusedTags } from '../deployment/retention.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { tagImage, untagImage } from '../platforms/compose/images.ts';
import { encryptBackups } from './encrypt-backups.ts';
import { makeRun } from './make-run.ts';

/** Marks the release good; from then on it is what a rollback may go to. */
export function promoteStage(): Stage {
  return {
    name: 'promote',
    needs: ['smoke'],
    intent: 'mark the release good, move the image names, let old releases go',
    exitCode: exitCodes.deploy,
    run: async (context) => {
      const release = known(context.facts.release, 'release');
      await promote(context, release);
    },
  };
}

/** Everything after `current` has moved can be done again, and can't unmake a good release: it only warns. */
async function promote(context: StageContext, release: Release): Promise<void> {
  const { facts, host, places } = context;
  const good_at = nextGoodAt(await listReleases(host.files, places), new Date());
  const good: Release = { ...release, verdict: 'good', good_at };
  await context.change('promote', 'forward', async () => {
    await writeRelease(host.files, places, good);
    await host.files.link(places.current, `releases/${good.id}`);
  });
  facts.release = good;
  context.say(`${good.id} is the good release now`);
  try {
    await context.change('name', 'forward', () => moveNames(context, good));
    await context.change('prune', 'forward', () => prune(context, good));
  } catch (error) {
    context.warn(`The release is good, but tidying up after it failed: ${messageOf(error)}`);
    // Where the engine was restarted under it, the containers may not be what they were when smoke passed.
    await makeRun(context, good).catch((problem: unknown) => context.warn(messageOf(problem)));
  }
  // Those that going back could have restored until now.
  await encryptBackups(context, 'forward', []).catch((error: unknown) => context.warn(messageOf(error)));
}

/** The names in the user's compose file mean the new images; `:rollback` the last good ones before. */
async function moveNames(context: StageContext, release: Release): Promise<void> {
  const { facts, host, places } = context;
  const before = releaseBefore(await listReleases(host.files, places), release);
  const moved = Object.values(release.services).map(({ image_id, public_name }) =>
    public_name === null ? undefined : tagImage(host, image_id, public_name),
  );
  const kept = Object.entries(before?.services ?? {}).map(([name, { image_id }]) =>
    tagImage(host, image_id, rollbackTag(facts.project, name)),
  );
  await Promise.all([...moved, ...kept]);
}

async function prune(context: StageContext, current: Release): Promise<void> {
  const { host, places, request } = context;
  const releases = await listReleases(host.files, places);
  const expired = expiredReleases(releases, current, {
    keep: request['keep-releases'],
    keepMs: request['keep-releases-for'],
    now: new Date(),
  });
  const kept = releases.filter((release) => !expired.includes(release));
  for (const release of expired) {
    await Promise.all(unusedTags(release, kept).map((tag) => untagImage(host, tag)));
    await host.files.remove(releaseFolder(places, release.id));
    context.say(`let the release ${release.id} go`);
  }
  const names = (await host.files.list(places.files)).map((file) => file.name);
  for (const name of unusedFiles(names, kept)) await host.files.remove(`${places.files}/${name}`);
}
