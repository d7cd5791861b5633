import type { Host } from '../../hosts/host.ts';

/**
 * An engine that was killed while it started a container keeps the container's ports when it starts again, for nobody, and
 * only a restart makes it let go (moby/libnetwork#1790).
 */
export const leakedPortHint =
  'The Docker engine was killed while it started a container, and keeps the port for nobody (moby/libnetwork#1790). Restart the engine (`sudo systemctl restart docker`), then run `homeport recover`.';

/** The published ports for which the engine runs a `docker-proxy`; empty where it works without, or `ps` is missing. */
export async function portsOfProxies(host: Host): Promise<Set<number>> {
  const told = await host.exec(['ps', '-e', '-o', 'args='], { timeout: 10_000, record: false });
  const ports = told.stdout.split('\n').flatMap((line) => /^\S*docker-proxy\s.*-host-port (\d+)/.exec(line)?.[1] ?? []);
  return new Set(ports.map(Number));
}

/** The port that the engine itself says is given away, in what Compose or Docker printed; `null` for any other trouble. */
export function portGivenAway(output: string): number | null {
  const port = /Bind for \S*:(\d+) failed: port is already allocated/.exec(output)?.[1];
  return port === undefined ? null : Number(port);
}
