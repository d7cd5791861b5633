import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal } from '../../src/deployment/journal.ts';
import { type Places, placesOf } from '../../src/deployment/places.ts';
import { recoverUnfinished } from '../../src/deployment/recover.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import { temporaryFolder } from '../hosts/support.ts';
import { request } from '../request/sources.ts';
import { stubHost } from './support.ts';

const host = stubHost(() => ({}));

async function killed(previous: string | null, tags: string[] = []): Promise<Places> {
  const places = placesOf(temporaryFolder(), 'shop');
  for (const folder of [places.root, places.releases, places.reports, places.logs])
    await host.files.makeFolder(folder, 0o700);
  const journal = new Journal(host, places.journal, '20251121T101500Z-3f2a9c1');
  await journal.begin('deploy', {
    owner: `${places.root}#d1`,
    who: 'ada',
    branch: 'main',
    repository: null,
    commit: 'c1',
    triggeredBy: 'push',
    runUrl: null,
    startedAt: new Date(),
    log: null,
    startTimeout: 1000,
    startupWait: 0,
  });
  const change = { stage: 'build', action: 'build', recovery: 'forget', undo: { previous, tags } } as const;
  await journal.record(change, async () => {});
  return places;
}

async function recover(places: Places, on = host) {
  const said: string[] = [];
  const recovered = await recoverUnfinished({
    request: await request({}),
    project: 'shop',
    places,
    host: on,
    redactor: new Redactor(),
    reporters: async () => [],
    tell: (line) => said.push(line),
  });
  return { recovered, said };
}

describe('recovery', () => {
  it('has nothing to do where nothing was begun', async () => {
    expect((await recover(placesOf(temporaryFolder(), 'shop'))).recovered).toBeNull();
  });

  it('of a first deployment that changed nothing which runs forgets it, and completes its report', async () => {
    const places = await killed(null);
    const { recovered, said } = await recover(places);
    expect(recovered).toMatchObject({ good: true, report: { status: 'aborted', exit_code: 7 } });
    expect(said[0]).toContain('was killed in its stage build (build). Recovering.');
    expect(await host.files.readText(join(places.reports, '20251121T101500Z-3f2a9c1.json'))).toContain('"aborted"');
    expect((await recover(places)).recovered).toBeNull();
  });

  it('is not over while something could not be cleaned up: the next command tries again', async () => {
    const places = await killed(null, ['shop-web:homeport-20251121T101500Z-3f2a9c1']);
    const refuses = stubHost(([, words]) =>
      words === 'rmi'
        ? { outcome: 'failed', exitCode: 1, stderr: 'the engine is busy', tail: 'the engine is busy' }
        : {},
    );
    const { recovered } = await recover(places, refuses);
    expect(recovered?.report.warnings.join()).toContain('Cleaning up after the stage build failed');
    expect((await recover(places)).recovered).toMatchObject({ good: true, report: { warnings: expect.any(Array) } });
    expect((await recover(places)).recovered).toBeNull();
  });

  it('is refused where the record of the release that ran before is gone: it would take it for a first one', async () => {
    const places = await killed('20251120T101500Z-0000000');
    await expect(recover(places)).rejects.toMatchObject({
      message: expect.stringContaining('20251120T101500Z-0000000, which ran before, is recorded no more'),
      exitCode: 7,
    });
  });
});
