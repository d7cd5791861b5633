import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { assertOldReleaseIsBack, deployGoodThenBad } from '../support/rollback-check.ts';

const repository = fileURLToPath(new URL('../../', import.meta.url));

/**
 * The classic mistake of deploy scripts: `docker compose build` first, `docker tag app:latest app:rollback` after it. The
 * build goes to the name that people use, what runs is recorded after it, and the way back is pinned to whatever that
 * name means by then: the new image. Each text must be in the source exactly once.
 */
const tagAfterTheBuild: readonly { file: string; from: string; to: string }[] = [
  {
    file: 'src/platforms/compose/images.ts',
    from: 'const tag = releaseTag(options.project, builder, options.release);',
    to: 'const tag = `${publicName}:latest`;',
  },
  {
    file: 'src/deployment/plan.ts',
    from: `snapshotStage(['source']),
      backupStage(request),
      testStage(request),
      buildStage(request),`,
    to: `{ ...buildStage(request), needs: ['source'] },
      snapshotStage(['build']),
      backupStage(request),
      testStage(request),`,
  },
  {
    file: 'src/stages/migrate.ts',
    from: "needs: ['backup', 'test', 'build'],",
    to: "needs: ['snapshot', 'backup', 'test', 'build'],",
  },
  {
    file: 'src/stages/snapshot.ts',
    from: 'const recorded = await currentRelease(host.files, places);',
    to: `const recorded = await currentRelease(host.files, places);
      for (const service of Object.values(recorded?.services ?? {})) {
        const name = service.public_name ?? service.image;
        const id = (await imageIdsOf(host, [name])).get(name) ?? null;
        if (id === null) continue;
        service.image_id = id;
        await tagImage(host, id, service.pin);
      }`,
  },
];

describe('the proof that a rollback returns the old image', () => {
  let copy: string;

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'hp-mutant-'));
    await cp(join(repository, 'src'), join(copy, 'src'), { recursive: true });
    await cp(join(repository, 'package.json'), join(copy, 'package.json'));
    await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
    for (const { file, from, to } of tagAfterTheBuild) {
      const text = await readFile(join(copy, file), 'utf8');
      expect(text.split(from), `${file} has exactly one \`${from}\``).toHaveLength(2);
      await writeFile(
        join(copy, file),
        text.replace(from, () => to),
      );
    }
  });
  afterAll(async () => await rm(copy, { recursive: true, force: true }));

  it('is given by the engine as it is', async () => {
    const seen = await deployGoodThenBad(null);
    expect(seen.outcome.report, seen.outcome.output).toMatchObject({ exit_code: 4, status: 'rolled_back' });
    assertOldReleaseIsBack(seen);
  });

  it('is not given by an engine that records what to go back to after the build, whatever that one reports', async () => {
    const seen = await deployGoodThenBad(join(copy, 'src', 'cli', 'main.ts'));
    expect(seen.outcome.report, seen.outcome.output).toMatchObject({ exit_code: 4, status: 'rolled_back' });
    expect(seen.answer).toBe('bad');
    expect(() => assertOldReleaseIsBack(seen)).toThrow('the rollback left the image');
  });
});
