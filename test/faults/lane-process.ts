import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CaseResult, FaultCase } from './case.ts';
import type { Entries } from './entries.ts';
import type { Answer, LaneSettings, Question, Reference } from './lane-protocol.ts';
import type { Scenario } from './scenarios.ts';

const entry = join(import.meta.dirname, 'lane.ts');
const controlGroups = '/sys/fs/cgroup';

/**
 * A lane in namespaces of its own. Its first process there is a shell, which collects the processes that lose their
 * parent; when it ends, for whatever reason, the kernel ends all others and unmounts everything.
 */
export class LaneProcess {
  readonly #child: ChildProcess;
  readonly #settings: LaneSettings;
  readonly #answers: AsyncIterator<string>;

  constructor(settings: LaneSettings) {
    this.#settings = settings;
    const flags = ['--net', '--mount', '--pid', '--fork', '--kill-child=SIGKILL', '--mount-proc'];
    const words = ['sh', '-c', '"$@"; exit "$?"', 'lane', process.execPath, entry, JSON.stringify(settings)];
    this.#child = spawn('unshare', [...flags, ...words], { stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    // Whoever asks hears that it has ended.
    this.#child.on('error', () => {});
    this.#child.stdin?.on('error', () => {});
    if (this.#child.stdout === null) throw new Error('the lane has no output');
    this.#answers = createInterface({ input: this.#child.stdout })[Symbol.asyncIterator]();
  }

  /** Resolves once its engine runs and knows the base images. Throws with the reason when it can't. */
  async ready(): Promise<void> {
    await this.#next('ready');
  }

  /** The points of an undisturbed command. */
  async reference(scenario: Scenario): Promise<Reference> {
    this.#ask({ ask: 'reference', scenario });
    return (await this.#next('reference')).reference;
  }

  /** `entries`: of the Homeport under test. */
  async perform(one: FaultCase, entries: Entries): Promise<CaseResult> {
    this.#ask({ ask: 'case', one, entries });
    return (await this.#next('case')).result;
  }

  /** Seconds, three times. */
  async timeCompose(): Promise<readonly number[]> {
    this.#ask({ ask: 'compose' });
    return (await this.#next('compose')).seconds;
  }

  /** Ends it and all that it started, and removes what is left of it on this machine. */
  async end(): Promise<void> {
    if (this.#child.exitCode === null && this.#child.signalCode === null) {
      const ended = once(this.#child, 'exit');
      this.#child.kill('SIGKILL');
      await ended;
    }
    await removeControlGroups(this.#settings.cgroup);
    rmSync(this.#settings.folder, { recursive: true, force: true });
  }

  #ask(question: Question): void {
    this.#child.stdin?.write(`${JSON.stringify(question)}\n`);
  }

  async #next<K extends Answer['kind']>(kind: K): Promise<Extract<Answer, { kind: K }>> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the lane ended');
    const answer = JSON.parse(value) as Answer;
    if (answer.kind === 'broken') throw new Error(answer.why);
    if (answer.kind !== kind) throw new Error(`the lane answered ${answer.kind} instead of ${kind}`);
    return answer as Extract<Answer, { kind: K }>;
  }
}

/** Those that containers had are still there when all their processes are gone. */
async function removeControlGroups(name: string): Promise<void> {
  const places = [
    join(controlGroups, name),
    ...readdirSync(controlGroups).map((one) => join(controlGroups, one, name)),
  ];
  for (const place of places) {
    for (let attempt = 0; attempt < 50; attempt += 1) {
      if (removeTree(place)) break;
      await sleep(100);
    }
  }
}

/** Only `rmdir` works there, from the innermost on; false while a process is left in one. */
function removeTree(place: string): boolean {
  try {
    const entries = readdirSync(place, { withFileTypes: true });
    const whole = entries.filter((one) => one.isDirectory()).every((one) => removeTree(join(place, one.name)));
    if (!whole) return false;
    rmdirSync(place);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
  }
}
