import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { ensureEngine } from '../../scripts/engine.ts';
import { ensureImages } from '../../scripts/images.ts';
import { messageOf, run } from '../../scripts/machine/commands.ts';
import type { CaseResult, FaultCase } from './case.ts';
import type { Entries } from './entries.ts';
import { nameOf } from './journal-points.ts';
import { LaneProcess } from './lane-process.ts';

// A lane that can't be brought back again and again says that the harness itself is at fault.
const mostRestarts = 5;

/** All lanes of a run, and what they share: the base images, the folder that everything is in. */
export class Lanes {
  /** Everything of this run is in it. */
  readonly folder: string;
  readonly #evidence: string;
  readonly #say: (line: string) => void;
  readonly #open = new Set<LaneProcess>();
  #count = 0;
  #restarts = 0;
  #ended = false;

  constructor(options: { evidence: string; say: (line: string) => void }) {
    this.#evidence = options.evidence;
    this.#say = options.say;
    this.folder = mkdtempSync(join(tmpdir(), 'homeport-faults-'));
  }

  /** Brings the base images into a file from which each private engine loads them. */
  async prepare(): Promise<void> {
    const engine = await ensureEngine(this.#say);
    const names = ['node:24-slim', 'postgres:15'] as const;
    const images = await ensureImages(names, this.#say);
    await run(['docker', 'save', '--output', this.#archive, ...names], { seconds: 300 });
    await images.remove();
    if (engine.startedHere) await engine.stop();
  }

  /** Starts one more lane; ready when its engine is. */
  async start(entries: Entries): Promise<LaneProcess> {
    if (this.#ended) throw new Error('the run has ended');
    this.#count += 1;
    const folder = join(this.folder, `lane-${this.#count}`);
    mkdirSync(folder);
    const lane = new LaneProcess({
      folder,
      entries,
      archive: this.#archive,
      cgroup: `/${basename(this.folder)}-${this.#count}`,
      evidence: this.#evidence,
    });
    this.#open.add(lane);
    await lane.ready();
    return lane;
  }

  /** Performs all cases on the lanes, each as soon as one is free; `next` gives the cases until it gives none. Gives
   * the lanes as they are then: one that broke was replaced.
   */
  async performAll(
    first: readonly LaneProcess[],
    next: () => FaultCase | undefined,
    done: (result: CaseResult) => void,
    entries: Entries,
  ): Promise<LaneProcess[]> {
    const work = async (begin: LaneProcess): Promise<LaneProcess> => {
      let lane = begin;
      for (let one = next(); one !== undefined; one = next()) {
        try {
          done(await lane.perform(one, entries));
        } catch (error) {
          // Somebody ended the run: the case is not done, and will be begun again.
          if (this.#ended) return lane;
          done(brokenResult(one, messageOf(error)));
          lane = await this.#replace(lane, messageOf(error), entries);
        }
      }
      return lane;
    };
    return await Promise.all(first.map(work));
  }

  /** Ends everything and leaves nothing. */
  async end(): Promise<void> {
    this.#ended = true;
    await Promise.all([...this.#open].map((lane) => lane.end()));
    this.#open.clear();
    rmSync(this.folder, { recursive: true, force: true });
  }

  async #replace(lane: LaneProcess, why: string, entries: Entries): Promise<LaneProcess> {
    this.#open.delete(lane);
    await lane.end();
    this.#restarts += 1;
    if (this.#restarts > mostRestarts) throw new Error(`Lanes break again and again, the last one so: ${why}`);
    const fresh = await this.start(entries);
    await fresh.reference('deploy');
    await fresh.reference('deploy');
    return fresh;
  }

  get #archive(): string {
    return join(this.folder, 'images.tar');
  }
}

function brokenResult(one: FaultCase, why: string): CaseResult {
  return {
    id: one.id,
    problems: [`the harness could not go on: ${why}`],
    point: 'afterMs' in one.at ? 'random' : nameOf(one.at),
    moment: 'afterMs' in one.at ? `${Math.round(one.at.afterMs)} ms` : one.at.moment,
    fault: one.fault,
    ended: 'unknown',
    seconds: 0,
    recoverySeconds: null,
    evidence: null,
  };
}
