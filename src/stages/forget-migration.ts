import { setTimeout as sleep } from 'node:timers/promises';
import { databaseNow } from '../databases/running-now.ts';
import type { StageContext } from '../deployment/stage.ts';

const pollEvery = 300;

/** Learns the addresses of the migration's container while it runs: once it was stopped nobody knows them any more. */
export async function watchAddresses(context: StageContext, over: AbortSignal): Promise<void> {
  const { facts } = context;
  if ((facts.databases ?? []).every(({ kind }) => kind.endSessions === undefined)) return;
  while (!over.aborted && facts.migrationAddresses.length === 0) {
    facts.migrationAddresses = (await addressesOf(context)) ?? [];
    await sleep(pollEvery, undefined, { signal: over }).catch(() => {});
  }
}

/**
 * Removes the container of a migration that was stopped or whose deployment was killed, and ends its sessions on the
 * servers: they may hold locks for hours before the server notices that the client is gone.
 */
export async function forgetMigration(context: StageContext): Promise<void> {
  const { facts, host, say } = context;
  if (facts.migration === undefined) return;
  const left = await addressesOf(context);
  const addresses = new Set([...facts.migrationAddresses, ...(left ?? [])]);
  if (left !== null) {
    await host.exec(['docker', 'rm', '--force', facts.migration], { timeout: 60_000, changes: true, record: false });
  }
  if (addresses.size > 0) {
    const work = { host, signal: new AbortController().signal, timeout: 30_000, say };
    for (const { target } of facts.databases ?? []) {
      const { kind, target: now } = await databaseNow(context, target);
      const ended = (await kind.endSessions?.(now, [...addresses], work)) ?? 0;
      if (ended > 0) say(`${target.service}: ended ${ended} sessions that the migration had left`);
    }
  }
  facts.migrationAddresses = [];
  delete facts.migration;
}

/** `null` when there is no such container. */
async function addressesOf({ facts, host }: StageContext): Promise<string[] | null> {
  if (facts.migration === undefined) return null;
  const format = '{{range .NetworkSettings.Networks}}{{.IPAddress}} {{.GlobalIPv6Address}} {{end}}';
  const told = await host.exec(['docker', 'container', 'inspect', '--format', format, facts.migration], {
    timeout: 20_000,
    record: false,
  });
  if (/no such container/i.test(told.stderr)) return null;
  return told.outcome === 'success' ? told.stdout.split(/\s+/).filter((address) => address !== '') : [];
}
