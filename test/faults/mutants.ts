import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FaultCase, FaultName } from './case.ts';
import { caseAt, type References } from './cases.ts';
import { nameOf } from './journal-points.ts';
import type { Scenario } from './scenarios.ts';
import type { Moment } from './stop-spec.ts';

interface Change {
  readonly file: string;
  /** Stands in the file exactly once. */
  readonly from: string;
  readonly to: string;
}

/** A Homeport that is wrong in one thing, and cases of which at least one must notice. */
export interface Mutant {
  readonly name: string;
  readonly changes: readonly Change[];
  readonly cases: readonly (readonly [Scenario, string, Moment, FaultName])[];
}

export const mutants: readonly Mutant[] = [
  {
    name: 'the journal is written after the change',
    changes: [
      {
        file: 'src/deployment/journal.ts',
        from: 'await this.#intend(change);\n    return await this.#make(change, make);',
        to: 'const made = await make();\n    await this.#intend(change);\n    return await this.#make(change, async () => made);',
      },
    ],
    cases: [['deploy', 'build/build', 'ahead', 'kill']],
  },
  {
    name: 'nothing is synced',
    changes: [
      {
        file: 'src/hosts/local-files.ts',
        from: "await withFile(temporary, 'wx', mode, async (file) => {\n        await file.writeFile(text);\n        await file.sync();",
        to: "await withFile(temporary, 'wx', mode, async (file) => {\n        await file.writeFile(text);",
      },
    ],
    cases: [
      ['deploy', 'promote/promote', 'after', 'power-loss'],
      ['deploy', 'promote/promote', 'end', 'power-loss'],
    ],
  },
  {
    name: 'the lock is let go too early',
    changes: [
      {
        file: 'src/deployment/lock.ts',
        from: '      this.#handed = this.#descriptor;\n    } catch',
        to: '      this.release();\n    } catch',
      },
    ],
    cases: [['deploy', 'start/up', 'before', 'rival']],
  },
  {
    name: 'the way back goes to the wrong release',
    changes: [
      {
        file: 'src/deployment/recover.ts',
        from: 'async function previousOf({ files }: Host, places: Places, { previous }: Undo)',
        to: 'async function previousOf({ files }: Host, places: Places, { previous, ...undo }: Undo)',
      },
      {
        file: 'src/deployment/recover.ts',
        from: 'const release = previous === null ? null : await readRelease(files, places, previous);',
        to: 'const release = previous === null ? null : await readRelease(files, places, undo.release ?? previous);',
      },
    ],
    cases: [['deploy', 'start/up', 'after', 'kill']],
  },
  {
    name: 'recovery trusts an exit code instead of looking',
    changes: [
      {
        file: 'src/deployment/unfinished.ts',
        from: "recovery: decisive?.recovery ?? 'forget',",
        to: "recovery: own.some(({ type, stage, data }) => type === 'outcome' && stage === 'start' && data.ok === true) ? 'forward' : (decisive?.recovery ?? 'forget'),",
      },
    ],
    cases: [['bad', 'start/up', 'end', 'kill']],
  },
  {
    name: 'what runs is tagged after the build',
    changes: [
      {
        file: 'src/platforms/compose/images.ts',
        from: 'const tag = releaseTag(options.project, builder, options.release);',
        to: 'const tag = `${publicName}:latest`;',
      },
      {
        file: 'src/deployment/plan.ts',
        from: "snapshotStage(['source']),\n      backupStage(request),\n      testStage(request),\n      buildStage(request),",
        to: "{ ...buildStage(request), needs: ['source'] },\n      snapshotStage(['build']),\n      backupStage(request),\n      testStage(request),",
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
    ],
    cases: [['bad', 'rollback/up', 'after', 'pause']],
  },
];

/** Makes a copy of the source with the mutant's changes in `folder`. Throws where a text is not found exactly once. */
export function makeMutant(mutant: Mutant, repository: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  cpSync(join(repository, 'src'), join(folder, 'src'), { recursive: true });
  for (const name of ['package.json', 'action.yml']) cpSync(join(repository, name), join(folder, name));
  symlinkSync(join(repository, 'node_modules'), join(folder, 'node_modules'));
  for (const { file, from, to } of mutant.changes) {
    const path = join(folder, file);
    const parts = readFileSync(path, 'utf8').split(from);
    if (parts.length !== 2) {
      throw new Error(
        `The mutant "${mutant.name}" can't be made: ${file} has its text ${parts.length - 1} times:\n${from}`,
      );
    }
    writeFileSync(path, parts.join(to));
  }
  return folder;
}

/** The cases that should notice the mutant. Throws where the journal has no such point any more. */
export function casesAgainst(mutant: Mutant, references: References, seed: number): FaultCase[] {
  return mutant.cases.map(([scenario, name, moment, fault]) => {
    const point = references[scenario].points.find((one) => nameOf(one) === name);
    if (point === undefined)
      throw new Error(`The mutant "${mutant.name}" needs the point ${name}, which is not there.`);
    // Recovered by `homeport recover`, so that what it leaves is seen before the next deployment tidies up.
    return { ...caseAt(scenario, point, moment, fault, seed), recovery: 'recover' };
  });
}
