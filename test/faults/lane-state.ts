import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beginCli, type Stage } from './command.ts';
import { Engine } from './engine.ts';
import type { Entries } from './entries.ts';
import { type Entry, type Point, pointsIn, readEntries } from './journal-points.ts';
import { type Scenario, scenarioFacts } from './scenarios.ts';
import { SmallDisk } from './small-disk.ts';
import { SmallProject, type Version } from './small-project.ts';

// The preflight wants 64 MiB for itself, and backups a little more.
const stateBytes = 256 * 2 ** 20;

/** A deployment from its beginning to its end. */
export interface Deployed {
  readonly version: Version;
  readonly exitCode: number | null;
  readonly output: string;
  readonly ms: number;
}

/** One engine with one project on it, on which one case runs after the other. */
export class LaneState {
  readonly folder: string;
  readonly engine: Engine;
  readonly stateDisk: SmallDisk;
  readonly record: string;
  readonly runnerFolder: string;
  stage: Stage;
  project: SmallProject;
  /** The version that runs and is good; `null` before the first deployment. */
  running: Version | null = null;
  /** The one that was good before it: where a rollback goes. */
  before: Version | null = null;

  /** Inside the lane's own namespaces only. `folder` exists and is empty. */
  constructor(folder: string, options: { entries: Entries; cgroup: string }) {
    this.folder = folder;
    // All that is mounted goes with the namespace.
    const whole = new SmallDisk(folder, 512 * 2 ** 20);
    this.engine = new Engine(join(whole.path, 'engine'), options.cgroup);
    this.stateDisk = new SmallDisk(join(folder, 'state'), stateBytes);
    this.record = join(folder, 'durable');
    this.runnerFolder = join(folder, 'runner');
    this.project = new SmallProject(join(folder, 'checkout'));
    const scratch = join(folder, 'tmp');
    mkdirSync(scratch);
    this.stage = {
      entries: options.entries,
      checkout: this.project.checkout,
      state: this.stateDisk.path,
      project: this.project.name,
      scratch,
      environment: {
        ...this.engine.environment,
        DOCKER_CONFIG: join(folder, 'docker-config'),
        NODE_COMPILE_CACHE: join(folder, 'compile-cache'),
      },
    };
  }

  async start(archive: string): Promise<void> {
    await this.engine.start();
    await this.engine.load(archive);
    await this.project.create();
  }

  get journal(): string {
    return join(this.stage.state, this.stage.project, 'journal.jsonl');
  }

  entries(): Entry[] {
    return readEntries(this.journal);
  }

  /** Commits the next version and deploys it without any disturbance. `flags`: more words for `homeport deploy`. */
  async deploy(flags: readonly string[] = []): Promise<Deployed> {
    const version = await this.project.nextVersion('none');
    const { exitCode, output, ms } = await this.#run(['deploy', ...flags]);
    return { version, exitCode, output, ms };
  }

  /** Deploys a good version that must succeed. Throws with everything that was printed. */
  async deployGood(): Promise<Deployed> {
    const deployed = await this.deploy();
    if (deployed.exitCode !== 0) throw new Error(`an undisturbed deployment failed:\n${deployed.output}`);
    this.promoted(deployed.version);
    return deployed;
  }

  /** From now on this version runs, and the one that ran is where a rollback goes. */
  promoted(version: Version): void {
    this.before = this.running;
    this.running = version;
  }

  /** The points of an undisturbed command, and how long it took (ms). */
  async reference(scenario: Scenario): Promise<{ points: Point[]; ms: number }> {
    const { words, broken } = scenarioFacts[scenario];
    const earlier = this.deployments();
    if (broken !== 'none') await this.project.nextVersion(broken);
    const done = scenario === 'deploy' ? await this.deployGood() : await this.#run(words);
    if (scenario === 'rollback' && this.before !== null) this.promoted(this.before);
    const points = pointsIn(this.entries().filter(({ deployment }) => !earlier.has(deployment)));
    if (points.length === 0) throw new Error(`this ${scenario} wrote nothing into its journal:\n${done.output}`);
    return { points, ms: done.ms };
  }

  /** Those that the journal knows. By their IDs: a journal that has grown long is begun anew. */
  deployments(): Set<string> {
    return new Set(this.entries().map(({ deployment }) => deployment));
  }

  async #run(words: readonly string[]): Promise<Omit<Deployed, 'version'>> {
    const begin = performance.now();
    const command = beginCli(this.stage, words, { stop: null, record: null });
    const { exitCode, output } = await command.running.ended;
    return { exitCode, output, ms: performance.now() - begin };
  }

  /** After a failure: throws everything of the project away, so that the next case has a clean machine. */
  async reset(): Promise<void> {
    const { engine } = this;
    if (!(await engine.api.answers())) {
      await engine.kill();
      await engine.start();
    }
    for (const { Id } of await engine.api.containers()) await engine.api.remove('containers', Id);
    for (const name of await engine.api.volumes()) await engine.api.remove('volumes', name);
    for (const { Id, Name } of await engine.api.networks()) {
      if (!['bridge', 'host', 'none'].includes(Name)) await engine.api.remove('networks', Id);
    }
    for (const { RepoTags } of await engine.api.images()) {
      for (const tag of RepoTags ?? []) if (/^faulty/.test(tag)) await engine.api.remove('images', tag);
    }
    rmSync(join(this.stage.state, this.stage.project), { recursive: true, force: true });
    this.running = null;
    this.before = null;
    await this.deployGood();
    // A rollback needs two.
    await this.deployGood();
  }
}
