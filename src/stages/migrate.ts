import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
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
import { formatDuration } from '../request/units.ts';
import { dumpDatabases } from './backup.ts';
import { forgetMigration, watchAddresses } from './forget-migration.ts';
import { stopWriters } from './stop-writers.ts';

/**
 * Runs each migration once, in the new image with the new environment, while the old version still serves; with
 * `rollback-database` only after everything that writes has stopped and a last backup was made.
 */
export function migrateStage(request: Request): Stage {
  const steps = request.migrate.map(({ name, command }) => `${name}: ${command.split('\n')[0]}`);
  const first = request['rollback-database'] ? 'stop what writes, back up once more, then ' : '';
  return {
    name: 'migrate',
    needs: ['backup', 'test', 'build'],
    intent: `${first}migrate ${steps.join(', ')}`,
    ...(steps.length === 0 ? { skip: 'no `migrate`' } : {}),
    exitCode: exitCodes.deploy,
    run: async (context) => {
      if (request['rollback-database']) await makeReturnable(context);
      for (const { name, command } of request.migrate) await migrate(context, name, command);
    },
    cleanUp: forgetMigration,
  };
}

/** From here on until the rollback or the start of the new release nobody writes, so that a restore loses nothing. */
async function makeReturnable(context: StageContext): Promise<void> {
  const { facts } = context;
  if ((facts.snapshot?.release ?? null) === null || (facts.databases ?? []).length === 0) {
    context.say('no database runs yet that a rollback could restore');
    return;
  }
  facts.disturbed = true;
  await context.change('stop-writers', 'back', () => stopWriters(context));
  const earlier = facts.backups.length;
  await dumpDatabases(context);
  facts.restoreOnRollback = facts.backups.slice(earlier).map(({ file }) => file);
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
  facts.migration = `${facts.project}-${service}-migrate-${facts.id}`;
  facts.changes.migrations.push({ service, command });
  const argv = runOnceArgv(project, service, {
    name: facts.migration,
    command: commandWords(command),
    variables: Object.keys(request.secrets),
  });
  const over = new AbortController();
  const watched = watchAddresses(context, over.signal);
  const result = await context.change('migrate', facts.disturbed ? 'back' : 'forget', () =>
    host.exec(argv, {
      env: facts.environment,
      timeout: context.remaining(),
      signal: context.signal,
      changes: true,
      onLine: (line) => context.say(line),
    }),
  );
  over.abort();
  await watched;
  context.signal.throwIfAborted();
  if (result.outcome === 'success') {
    delete facts.migration;
    return;
  }
  // A client that was killed may leave its session at work on the server, with all its locks.
  await forgetMigration(context).catch((error: unknown) => context.warn(messageOf(error)));
  const how =
    result.outcome === 'timeout'
      ? `did not end within ${formatDuration(result.durationMs / 1000)} and was stopped, also on the database's server`
      : `failed with exit code ${result.exitCode}`;
  throw new HomeportError(`The migration of ${service} ${how}.`, {
    hint:
      facts.restoreOnRollback.length > 0
        ? 'The database is put back to what it was before. Mend the migration and deploy again.'
        : 'The old release still runs, and the schema may be ahead of it: it must work with what the migration did so far. Mend the migration, and make it safe to run again from where it stopped.',
    excerpt: result.tail,
  });
}

/** A first deployment has no database yet: what the service depends on is started, what runs is left as it is. */
async function startDependencies(context: StageContext, project: ComposeProject, service: string): Promise<void> {
  const { facts, host } = context;
  const release = known(facts.release, 'release');
  const model = await releaseModel(context, release);
  const others = withDependencies(model, [service]).filter((name) => name !== service);
  if (others.length === 0) return;
  const running = (await observe(host, facts.project)).filter((one) => one.state === 'running');
  // What was stopped because it may write must not come back, unless it is somebody else's server (a queue, say).
  const writes = (name: string) => facts.restoreOnRollback.length > 0 && release.services[name]?.public_name !== null;
  const needed = others.filter((name) => !running.some((one) => one.service === name) && !writes(name));
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
  const result = await context.change('up-dependencies', 'back', () =>
    host.exec(argv, {
      env: facts.environment,
      timeout: Math.min(context.remaining(), context.request['start-timeout']),
      signal: context.signal,
      changes: true,
      onLine: (line) => context.say(line),
    }),
  );
  context.signal.throwIfAborted();
  if (result.outcome !== 'success') {
    throw new HomeportError(`What ${service} needs for its migration (${needed.join(', ')}) did not start.`, {
      hint: 'Read the output of `docker compose up` in the log of this deployment.',
      excerpt: result.tail,
    });
  }
}
