import { databasesOf } from '../databases/running.ts';
import { CancelledError, exitCodes, HomeportError } from '../deployment/error.ts';
import type { Project } from '../deployment/project.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { configArgv } from '../platforms/compose/commands.ts';
import { checkEngine, engineRoot } from '../platforms/compose/engine.ts';
import { type ComposeModel, composeModelSchema, withDependencies } from '../platforms/compose/model.ts';
import { observe } from '../platforms/compose/observe.ts';
import { takenPorts } from '../platforms/compose/ports.ts';
import { nearest } from '../request/nearest.ts';
import { formatSize } from '../request/units.ts';

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
      const { host, facts, request } = context;
      if (project.problem !== null) throw project.problem;
      const versions = await checkEngine(host);
      context.say(`Docker ${versions.engine}, Compose ${versions.compose}`);
      const model = await readModel(context, project);
      checkNames(context, model);
      facts.model = model;
      facts.services = withDependencies(model, request.services);
      const containers = await observe(host, facts.project);
      const taken = await takenPorts(host, model, facts.services, containers);
      if (taken.length > 0) {
        throw new HomeportError(taken.join(' '), {
          hint: 'Stop what holds the port (`docker ps`, `ss -ltnp`), or publish another one.',
        });
      }
      facts.databases = databasesOf(context, model, containers);
      await checkDisk(context);
    },
  };
}

/** Reads the user's compose files by Compose's own rules. Throws `HomeportError` with Compose's words. */
async function readModel(context: StageContext, project: Project): Promise<ComposeModel> {
  const { workingDirectory } = project;
  const told = await context.host.exec(configArgv(project.compose), {
    cwd: workingDirectory,
    env: { ...context.request.secrets, PWD: workingDirectory },
    timeout: 60_000,
    signal: context.signal,
    record: false,
  });
  if (told.outcome === 'cancelled') throw new CancelledError('Cancelled.', 'Nothing was changed.');
  const words = told.tail.split('\n').filter((line) => line.trim() !== '');
  if (told.outcome !== 'success') {
    throw new HomeportError(`The compose file is not valid: ${(words.at(-1) ?? told.outcome).trim()}`, {
      hint: `Run \`docker compose config\` in ${workingDirectory} to see the same.`,
    });
  }
  const parsed = composeModelSchema.safeParse(tryJson(told.stdout));
  if (!parsed.success) {
    throw new HomeportError(
      `What \`docker compose config\` printed was not understood: ${parsed.error.issues[0]?.message}`,
      {
        hint: 'Please report it with the version of Compose.',
      },
    );
  }
  return parsed.data;
}

/** Services that the request names and the model doesn't have make the request invalid. */
function checkNames(context: StageContext, model: ComposeModel): void {
  const { request } = context;
  const services = Object.keys(model.services);
  const named = [
    ...request.services.map((name) => ({ key: 'services', name })),
    ...request.migrate.map(({ name }) => ({ key: 'migrate', name })),
    ...(Array.isArray(request.backup) ? request.backup.map(({ service }) => ({ key: 'backup', name: service })) : []),
    ...request.smoke.flatMap((check) => {
      if ('exec' in check) return [{ key: 'smoke', name: check.exec.service }];
      return 'database' in check ? [{ key: 'smoke', name: check.database }] : [];
    }),
  ];
  const unknown = named.filter(({ name }) => !services.includes(name));
  if (unknown.length === 0) return;
  const sentences = unknown.map(({ key, name }) => {
    const near = nearest(name, services);
    return `\`${key}\` names the service \`${name}\`, which the compose file does not have${near === null ? '' : ` (did you mean \`${near}\`?)`}.`;
  });
  throw new HomeportError(sentences.join(' '), {
    hint: `The services are: ${services.join(', ')}.`,
    exitCode: exitCodes.invalid,
  });
}

async function checkDisk(context: StageContext): Promise<void> {
  const { host, request, places, facts } = context;
  const root = await engineRoot(host);
  if (root !== null) {
    const free = await host.files.freeBytes(root);
    const least = request['minimum-free-disk'];
    if (free < least) {
      throw new HomeportError(
        `Only ${formatSize(free)} are free where Docker keeps its data (${root}); \`minimum-free-disk\` asks for ${formatSize(least)}.`,
        { hint: 'See what takes the space with `docker system df` and `df -h`.' },
      );
    }
  }
  let estimate = stateOverhead;
  for (const { kind, target } of facts.databases ?? []) {
    const database = { host, signal: context.signal, timeout: 60_000, say: context.say };
    // A server that doesn't answer now is the backup's to tell.
    estimate += await kind.size(target, database).catch(() => 0);
  }
  const free = await host.files.freeBytes(places.root);
  if (free < estimate) {
    throw new HomeportError(
      `Only ${formatSize(free)} are free for the state folder ${places.root}; this deployment may write ${formatSize(estimate)} (backups above all).`,
      { hint: 'Free some space, shorten `backup-keep`, or move `state-directory`.' },
    );
  }
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
