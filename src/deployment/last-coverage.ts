import type { HostFiles } from '../hosts/host.ts';
import { tryParseJson } from '../request/parse-json.ts';
import { type Places, reportPath } from './places.ts';
import type { Release } from './release.ts';
import { reportSchema } from './report.ts';

export interface CoverageBefore {
  /** ID of the release. */
  readonly release: string;
  /** 0 to 100, rounded down to hundredths. */
  readonly percent: number;
}

/**
 * What the deployment that made this release measured; `null` when it measured nothing, or when its report is gone or
 * can't be read: then there is nothing to compare with, which is no reason to stop.
 */
export async function coverageOfRelease(
  files: Pick<HostFiles, 'readText'>,
  places: Places,
  release: Release | null,
): Promise<CoverageBefore | null> {
  if (release === null) return null;
  const text = await files.readText(reportPath(places, release.id)).catch(() => null);
  const report = reportSchema.safeParse(tryParseJson(text ?? ''));
  const percent = report.data?.coverage?.percent;
  return percent === undefined ? null : { release: release.id, percent };
}
