import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { StageContext } from '../../deployment/stage.ts';
import { tryParseJson } from '../../request/parse-json.ts';
import { listContainers, observeContainers } from './observe.ts';

/** Seconds that the engine gives a container which says nothing else. */
const usualGrace = 10;
/** Seconds that are looked back: nobody gives a container longer to stop. */
const lookBack = 600;

const killEvent = z.object({
  time: z.number(),
  Actor: z.object({ ID: z.string() }),
});
const stopTimeouts = z.array(z.object({ Id: z.string(), Config: z.object({ StopTimeout: z.number().nullish() }) }));

/**
 * A stop that a killed `docker compose` had asked for goes on in the engine: the container still runs, and won't in a
 * moment. Waits until such containers have stopped, so that what is seen afterwards stays true.
 */
export async function awaitStopping(context: StageContext): Promise<void> {
  const { host, facts } = context;
  const ask = host.exec(
    [
      'docker',
      'events',
      ...['--since', `${lookBack}s`, '--until', '0s', '--format', '{{json .}}'],
      ...['--filter', 'type=container', '--filter', 'event=kill'],
      ...['--filter', `label=com.docker.compose.project=${facts.project}`],
    ],
    { timeout: 20_000, record: false },
  );
  const [told, listed] = await Promise.all([ask, listContainers(host, facts.project)]);
  const events = told.stdout.split('\n').flatMap((line) => {
    const parsed = killEvent.safeParse(tryParseJson(line));
    return parsed.success ? [{ id: parsed.data.Actor.ID, at: parsed.data.time * 1000 }] : [];
  });
  const killed = listed.filter((one) => one.state === 'running' && events.some(({ id }) => id === one.id));
  const running = await observeContainers(
    host,
    killed.map(({ id }) => id),
  );
  const asked = running.flatMap((one) => {
    const at = events.findLast(({ id, at }) => id === one.id && at + 1000 > one.startedAt.getTime())?.at;
    return at === undefined ? [] : [{ id: one.id, name: one.name, ago: Math.max(0, Date.now() - at) }];
  });
  if (asked.length === 0) return;
  const graces = await graceOf(
    context,
    asked.map(({ id }) => id),
  );
  context.say(`waiting for ${asked.map(({ name }) => name).join(', ')}: somebody is stopping it`);
  const begin = performance.now();
  for (;;) {
    const now = await listContainers(host, facts.project);
    const waited = performance.now() - begin;
    const left = asked.filter(
      ({ id, ago }) =>
        // A little more than its grace: the engine kills it only then.
        ago + waited < ((graces.get(id) ?? usualGrace) + 2) * 1000 &&
        now.some((one) => one.id === id && one.state === 'running'),
    );
    if (left.length === 0) return;
    await sleep(300);
  }
}

/** Seconds that each container has to stop. */
async function graceOf({ host }: StageContext, ids: readonly string[]): Promise<Map<string, number>> {
  const told = await host.exec(['docker', 'inspect', '--type', 'container', ...ids], {
    timeout: 20_000,
    record: false,
  });
  const parsed = stopTimeouts.safeParse(tryParseJson(told.stdout));
  if (!parsed.success) return new Map();
  return new Map(parsed.data.map((one) => [one.Id, one.Config.StopTimeout ?? usualGrace]));
}
