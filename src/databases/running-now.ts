import { HomeportError } from '../deployment/error.ts';
import type { StageContext } from '../deployment/stage.ts';
import { observe } from '../platforms/compose/observe.ts';
import type { DatabaseTarget } from './database.ts';
import { databaseKinds } from './kinds.ts';
import type { FoundDatabase } from './running.ts';

/**
 * A database that was known earlier in the deployment, in the container that its service has now: an engine may have made
 * another one meanwhile. Throws `HomeportError` where there is none.
 */
export async function databaseNow(
  context: StageContext,
  wanted: Pick<DatabaseTarget, 'kind' | 'service' | 'database'>,
): Promise<FoundDatabase> {
  const known = (context.facts.databases ?? []).map(({ target }) => target);
  const target = known.find(
    (one) => one.kind === wanted.kind && one.service === wanted.service && one.database === wanted.database,
  );
  const own = (await observe(context.host, context.facts.project)).filter((one) => one.service === wanted.service);
  const container = own.find(({ state }) => state === 'running') ?? own[0];
  const kind = databaseKinds[wanted.kind];
  if (target === undefined || container === undefined || kind === undefined) {
    throw new HomeportError(`The ${wanted.kind} database ${wanted.database} of ${wanted.service} is not there.`, {
      hint: 'Look at `docker ps --all` on the host; `homeport restore` puts a backup back once its service runs.',
    });
  }
  return { kind, target: { ...target, container: container.id, imageId: container.imageId } };
}
