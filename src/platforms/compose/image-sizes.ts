import { z } from 'zod';
import type { Release } from '../../deployment/release.ts';
import type { Host } from '../../hosts/host.ts';
import { tryParseJson } from '../../request/parse-json.ts';

const usage = z.array(z.object({ ID: z.string(), UniqueSize: z.string() }));

/**
 * Bytes that a build of this release may take: as much as the images that were built for the last one take on their own
 * (layers that they share with others are there already). 0 where nothing is known. `enough` are the bytes that are free:
 * the engine is asked for shares, which takes it long, only where the whole images would not fit.
 */
export async function sizeOfBuild(host: Host, last: Release | null, enough: number): Promise<number> {
  const built = Object.values(last?.services ?? {}).filter(({ public_name }) => public_name !== null);
  const ids = [...new Set(built.map(({ image_id }) => image_id))];
  if (ids.length === 0) return 0;
  const told = await host.exec(['docker', 'image', 'inspect', '--format', '{{.Size}}', ...ids], {
    timeout: 30_000,
    record: false,
  });
  const whole = sum(told.stdout.split('\n').map(Number));
  if (told.outcome !== 'success' || whole <= enough) return told.outcome === 'success' ? whole : 0;
  const shares = await host.exec(['docker', 'system', 'df', '--verbose', '--format', '{{json .Images}}'], {
    timeout: 120_000,
    record: false,
  });
  const parsed = usage.safeParse(tryParseJson(shares.stdout));
  if (!parsed.success) return 0;
  return sum(parsed.data.filter(({ ID }) => ids.includes(ID)).map(({ UniqueSize }) => parseDockerSize(UniqueSize)));
}

const units: Readonly<Record<string, number>> = { B: 1, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** As the engine prints it, in powers of ten: `69.42MB`. 0 for anything else. */
export function parseDockerSize(text: string): number {
  const [, number = '', unit = ''] = /^([\d.]+)\s*([kMGT]?B)$/.exec(text) ?? [];
  return Number(number) * (units[unit] ?? 0);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + (Number.isFinite(number) ? number : 0), 0);
}
