import { exitCodes, HomeportError } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import { releaseFolder } from '../deployment/places.ts';
import { composePath } from '../deployment/release.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { releaseModel } from '../platforms/compose/bring-up.ts';
import { commandWords } from '../platforms/compose/command-words.ts';
import { type ComposeProject, compose, runOnceArgv } from '../platforms/compose/commands.ts';
import { withDependencies } from '../platforms/compose/model.ts';
import { observe } from '../platforms/compose/observe.ts';
import type { Request } from '../request/schema.ts';

/** Runs each migration once, in the new image with the new environment, while the old version still serves. */
export function migrateStage(request: Request): Stage {
  const steps = request.migrate.map(({ name, command }) => `${name}: ${command.split('\n')[0]}`);
  return {
    name: 'migrate',
    needs: ['backup', 'test', 'build'],
    intent: `migrate ${steps.join(', ')}`,
    ...(steps.length === 0 ? { skip: 'no `migrate`' } : {}),
    exitCode: exitCodes.deploy,
    run: async (context) => {
      for (const { name, command } of request.migrate) await migrate(context, name, command);
    },
  };
}

async function migrate(context: StageContext, service: string, command: string): Promise<void> {
  const { facts, host, places, request } = context;
  const release = known(facts.release, 'release');
  const project: ComposeProject = {
    project: facts.project,
    files: [composePath(places, release.id)],
    envFiles: [],
    profiles: [],
    projectDirectory: releaseFolder(places, release.id),
  };
  // On a first deployment already the run makes the project's networks, which must go again if it fails.
  if ((facts.snapshot?.release ?? null) === null) facts.disturbed = true;
  await startDependencies(context, project, service);
  facts.migrated = true;
  facts.changes.migrations.push({ service, command });
  const argv = runOnceArgv(project, service, {
    command: commandWords(command),
    variables: Object.keys(request.secrets),
  });
  const undo = { release: release.id, service };
  const result = await context.journal.record('migrate', 'migrate', undo, () =>
    host.exec(argv, {
      env: facts.environment,
      timeout: context.remaining(),
      signal: context.signal,
      changes: true,
      onLine: (line) => context.say(line),
    }),
  );
  context.signal.throwIfAborted();
  if (result.outcome === 'success') return;
  throw new HomeportError(`The migration of ${service} failed with exit code ${result.exitCode}.`, {
    hint: 'The old release still runs. Mend the migration, and make it safe to run again from where it stopped.',
    excerpt: result.tail,
  });
}

/** A first deployment has no database yet: what the service depends on is started, what runs is left as it is. */
async function startDependencies(context: StageContext, project: ComposeProject, service: string): Promise<void> {
  const { facts, host } = context;
  const model = await releaseModel(context, known(facts.release, 'release'));
  const running = (await observe(host, facts.project)).filter((one) => one.state === 'running');
  const needed = withDependencies(model, [service]).filter(
    (name) => name !== service && !running.some((one) => one.service === name),
  );
  if (needed.length === 0) return;
  facts.disturbed = true;
  const argv = compose(
    project,
    'up',
    '--detach',
    '--no-build',
    '--pull',
    'never',
    '--no-recreate',
    '--wait',
    ...needed,
  );
  const result = await host.exec(argv, {
    env: facts.environment,
    timeout: Math.min(context.remaining(), context.request['start-timeout']),
    signal: context.signal,
    changes: true,
    onLine: (line) => context.say(line),
  });
  context.signal.throwIfAborted();
  if (result.outcome !== 'success') {
    throw new HomeportError(`What ${service} needs for its migration (${needed.join(', ')}) did not start.`, {
      hint: 'Read the output of `docker compose up` in the log of this deployment.',
      excerpt: result.tail,
    });
  }
}
