import { z } from 'zod';
import type { ResourcesCheck, SmokeCheck } from '../request/schema.ts';
import { smokeEntry } from '../request/smoke-entry.ts';

/** Checks as a release keeps them: as people write them, so that one schema reads both. */
export function writtenSmoke(checks: readonly SmokeCheck[]): unknown[] {
  return checks.map((check) => ({
    ...check,
    interval: `${check.interval}ms`,
    timeout: `${check.timeout}ms`,
    ...('under' in check && check.under !== undefined ? { under: `${check.under}ms` } : {}),
    ...('resources' in check ? { resources: writtenResources(check.resources) } : {}),
  }));
}

function writtenResources({ restarts, ...percentages }: ResourcesCheck['resources']): Record<string, unknown> {
  const written = Object.entries(percentages).flatMap(([name, value]) =>
    value === undefined ? [] : [[name, `${value}%`] as const],
  );
  return { ...Object.fromEntries(written), ...(restarts === undefined ? {} : { restarts }) };
}

/** Throws where the recorded checks were damaged. */
export function readSmoke(written: readonly unknown[]): SmokeCheck[] {
  return z.array(smokeEntry).parse(written);
}
