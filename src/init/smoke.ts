import type { Service } from './compose-services.ts';
import { keepsData } from './databases.ts';
import { healthOf } from './health.ts';
import type { Repository } from './repository.ts';

export interface SmokePlan {
  readonly checks: readonly Readonly<Record<string, string>>[];
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

/** A check for each page that says whether a service is well, for each published port, and for each database. */
export function planSmoke(
  repository: Repository,
  services: readonly Service[],
  databases: readonly string[],
): SmokePlan {
  const checks: Record<string, string>[] = [];
  const found: string[] = [];
  const missing: string[] = [];
  // Those of a profile run only where it is switched on.
  for (const service of services.filter(({ profiles }) => profiles.length === 0)) {
    const { checked, address } = healthOf(repository, service);
    if (!checked && service.context !== null) {
      missing.push(`a health check of ${service.name}: until it has one, to be running counts as ready`);
    }
    if (keepsData(service)) continue;
    if (address !== null) {
      found.push(`health of ${service.name}: http://…:${address.port}${address.path}`);
      checks.push({ http: `${service.name}:${address.port}${address.path}` });
    }
    const asked = new Set<string>();
    for (const { published, target, host } of service.ports) {
      if (published === null || asked.has(published)) continue;
      asked.add(published);
      found.push(`port of ${service.name}: ${published}`);
      if (target === address?.port) checks.push({ http: `http://${host}:${published}${address.path}` });
      else checks.push({ tcp: `${host}:${published}` });
    }
    if (address === null && !checked && service.ports.length > 0) {
      missing.push(
        `a page of ${service.name} that says whether it is well: its port is checked, \`http:\` would say more`,
      );
    }
  }
  return { checks: [...checks, ...databases.map((database) => ({ database }))], found, missing };
}
