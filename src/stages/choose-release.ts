import { runningDatabases } from '../databases/running.ts';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { currentRelease, listReleases, type Release, readEnvironment, releaseBefore } from '../deployment/release.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { releaseModel } from '../platforms/compose/bring-up.ts';
import { checkEngine } from '../platforms/compose/engine.ts';
import { nearest } from '../request/nearest.ts';

/** The preflight of a rollback on purpose: which good release it goes to, and whether that is whole. */
export function chooseReleaseStage(to: string | null): Stage {
  return {
    name: 'preflight',
    needs: [],
    intent: to === null ? 'find the last good release before the running one' : `find the release ${to}`,
    exitCode: exitCodes.aborted,
    run: async (context) => {
      const { facts, host, places } = context;
      await checkEngine(host);
      const release = await choose(context, to);
      facts.model = await releaseModel(context, release);
      facts.services = Object.keys(release.services);
      facts.release = release;
      facts.environment = await readEnvironment(host.files, places, release.id);
      facts.databases = await runningDatabases(context);
      context.say(`going to ${release.id}${release.commit === null ? '' : `, commit ${release.commit.slice(0, 7)}`}`);
    },
  };
}

async function choose(context: StageContext, to: string | null): Promise<Release> {
  const { host, places, facts } = context;
  const releases = await listReleases(host.files, places);
  if (to === null) {
    const before = releaseBefore(releases, await currentRelease(host.files, places));
    if (before !== null) return before;
    throw new HomeportError(`The project ${facts.project} has no good release before the running one.`, {
      hint: 'See `homeport history`; `--to` names a release.',
    });
  }
  const found = releases.find((release) => release.id === to);
  if (found?.verdict === 'good') return found;
  const near = nearest(
    to,
    releases.map((release) => release.id),
  );
  const good = releases.filter((release) => release.verdict === 'good').map((release) => release.id);
  throw new HomeportError(
    found === undefined
      ? `There is no release ${to} of ${facts.project}${near === null ? '' : ` (did you mean ${near}?)`}.`
      : `The release ${to} was never good.`,
    { hint: good.length === 0 ? 'No good release is recorded.' : `Good releases: ${good.join(', ')}.` },
  );
}
