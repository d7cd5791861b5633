import { z } from 'zod';
import type { SmokeCheck } from '../request/schema.ts';
import { smokeEntry } from '../request/smoke-entry.ts';

/** Checks as a release keeps them: as people write them, so that one schema reads both. */
export function writtenSmoke(checks: readonly SmokeCheck[]): unknown[] {
  return checks.map((check) => ({
    ...check,
    interval: `${check.interval}ms`,
    timeout: `${check.timeout}ms`,
    ...('under' in check && check.under !== undefined ? { under: `${check.under}ms` } : {}),
  }));
}

/** Throws where the recorded checks were damaged. */
export function readSmoke(written: readonly unknown[]): SmokeCheck[] {
  return z.array(smokeEntry).parse(written);
}
