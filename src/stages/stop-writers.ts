import { writersOf } from '../databases/writers.ts';
import { HomeportError } from '../deployment/error.ts';
import type { StageContext } from '../deployment/stage.ts';
import { observe } from '../platforms/compose/observe.ts';

/** Stops everything of the project that may write into its databases; the servers go on. Throws `HomeportError`. */
export async function stopWriters(context: StageContext): Promise<void> {
  const { facts, host } = context;
  const containers = await observe(host, facts.project);
  const writers = new Set(
    writersOf(
      containers.map(({ service }) => service),
      facts.databases ?? [],
    ),
  );
  const running = containers.filter(({ service, state }) => writers.has(service) && state !== 'exited');
  if (running.length === 0) return;
  context.say(`stopping ${running.map(({ name }) => name).join(', ')}: nothing may write from here on`);
  const result = await host.exec(['docker', 'stop', ...running.map(({ id }) => id)], {
    timeout: 120_000,
    changes: true,
  });
  if (result.outcome !== 'success') {
    throw new HomeportError(`What writes into the databases could not be stopped: ${result.tail}`, {
      hint: 'Look at `docker ps` on the host.',
    });
  }
}
