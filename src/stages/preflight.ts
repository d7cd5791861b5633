import { databasesOf } from '../databases/running.ts';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import type { Project } from '../deployment/project.ts';
import { currentRelease } from '../deployment/release.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { adviceOn } from '../platforms/compose/advice.ts';
import { checkEngine, engineRoot } from '../platforms/compose/engine.ts';
import { sizeOfBuild } from '../platforms/compose/image-sizes.ts';
import { secretsOf, withDependencies } from '../platforms/compose/model.ts';
import { type ObservedContainer, observe } from '../platforms/compose/observe.ts';
import { missingOutside } from '../platforms/compose/outside.ts';
import { takenPorts } from '../platforms/compose/ports.ts';
import { readDockerfiles } from '../platforms/compose/read-dockerfiles.ts';
import { refusalOf } from '../platforms/compose/refusals.ts';
import { formatSize } from '../request/units.ts';

const freeSomeSpace = 'See what takes the space with `docker system df` and `df -h`.';

/** Journal, log, report and the release's files, beside the backups. */
const stateOverhead = 64 * 2 ** 20;

/** Everything that can be known to go wrong is said before anything is touched. */
export function preflightStage(project: Project): Stage {
  return {
    name: 'preflight',
    needs: [],
    intent: 'check the engine, Compose, disk, ports and the compose file',
    exitCode: exitCodes.aborted,
    looksOnly: true,
    run: async (context) => {
      // Side by side; what the engine says of itself is told before anything else that fails.
      const looked = look(context, project);
      looked.catch(() => {});
      const { engine, compose } = await checkEngine(context.host);
      context.say(`Docker ${engine}, Compose ${compose}`);
      await looked;
    },
  };
}

async function look(context: StageContext, project: Project): Promise<void> {
  const { host, facts, request } = context;
  if (project.problem !== null) throw project.problem;
  for (const warning of project.warnings) context.warn(warning);
  const { model } = project;
  facts.model = model;
  context.hide(secretsOf(model));
  facts.envFiles = project.envFiles;
  facts.services = withDependencies(model, request.services);
  const refusal = refusalOf(model, facts.services, { build: request.build });
  if (refusal !== null) throw refusal;
  const containers = await observe(host, facts.project);
  facts.containers = containers;
  facts.databases = databasesOf(context, model, containers);
  const engineDisk = checkEngineDisk(context, containers);
  engineDisk.catch(() => {});
  const [taken, missing, backups, dockerfiles] = await Promise.all([
    takenPorts(host, model, facts.services, containers),
    missingOutside(host, model, facts.services, facts.project),
    sizeOfDatabases(context),
    readDockerfiles(host, model, facts.services),
  ]);
  if (missing !== null) throw missing;
  if (taken.length > 0) {
    const hints = new Set(taken.map(({ hint }) => hint));
    throw new HomeportError(taken.map(({ problem }) => problem).join(' '), { hint: [...hints].join(' ') });
  }
  await engineDisk;
  await checkStateDisk(context, stateOverhead + backups);
  const { services } = facts;
  const { backup } = request;
  for (const advice of adviceOn({ model, services, dockerfiles, containers, backup })) context.warn(advice);
}

async function checkEngineDisk(context: StageContext, containers: readonly ObservedContainer[]): Promise<void> {
  const { host, request, places } = context;
  const folder = await engineRoot(host, containers);
  if (folder === null) return;
  const free = await host.files.freeBytes(folder);
  const least = request['minimum-free-disk'];
  if (free < least) {
    throw new HomeportError(
      `Only ${formatSize(free)} are free where Docker keeps its data (${folder}); \`minimum-free-disk\` asks for ${formatSize(least)}.`,
      { hint: freeSomeSpace },
    );
  }
  const build = request.build ? await sizeOfBuild(host, await currentRelease(host.files, places), free) : 0;
  if (free < build) {
    throw new HomeportError(
      `Only ${formatSize(free)} are free where Docker keeps its data (${folder}); the images that are built take ${formatSize(build)} of their own now, and the new ones may take as much.`,
      { hint: freeSomeSpace },
    );
  }
}

async function checkStateDisk({ host, places }: StageContext, estimate: number): Promise<void> {
  const free = await host.files.freeBytes(places.root);
  if (free < estimate) {
    throw new HomeportError(
      `Only ${formatSize(free)} are free for the state folder ${places.root}; this deployment may write ${formatSize(estimate)} (backups above all).`,
      { hint: 'Free some space, shorten `backup-keep`, or move `state-directory`.' },
    );
  }
}

/** Bytes, at most, that their backups take. A server that doesn't answer now is the backup's to tell. */
async function sizeOfDatabases({ host, facts, signal, say, request }: StageContext): Promise<number> {
  const sizes = (facts.databases ?? []).map(({ kind, target }) =>
    kind.size(target, { host, signal, timeout: 60_000, say }).catch(() => 0),
  );
  const bytes = await Promise.all(sizes);
  // One after the other is there plain and encrypted.
  const twice = request['backup-encrypt-to'].length > 0 ? Math.max(0, ...bytes) : 0;
  return bytes.reduce((sum, size) => sum + size, twice);
}
