import type { Host, HostFiles } from '../hosts/host.ts';
import { tryParseJson } from '../request/parse-json.ts';
import { type JournalEntry, parseEntry, type Recovery, type Undo } from './journal-entry.ts';
import type { Beginning } from './unfinished.ts';

/** A change that is about to be made. */
export interface Change {
  readonly stage: string;
  readonly action: string;
  /** What recovery must do once this change was begun; the last one that isn't `forget` decides. */
  readonly recovery: Recovery;
  readonly undo: Undo;
}

/** Above this size (bytes) the entries of ended deployments are let go at the next beginning. */
const largest = 2 ** 20;
/** Bytes: several times what a deployment and its way back write. */
const room = 2 ** 18;

/** `journal.jsonl`: intent before each change, outcome after it; on the disk before anything goes on. */
export class Journal {
  readonly #host: Host;
  readonly #path: string;
  readonly #deployment: string;
  #healed: Promise<void> | null = null;

  constructor(host: Host, path: string, deployment: string) {
    this.#host = host;
    this.#path = path;
    this.#deployment = deployment;
  }

  /** From here on the deployment is unfinished until `end`. Only while no other one is. */
  async begin(command: string, data: Beginning): Promise<void> {
    const facts = await this.#host.files.stat(this.#path);
    if (facts !== null && facts.bytes > largest) await this.#host.files.writeText(this.#path, '', 0o600);
    await this.#append({ stage: 'deployment', action: command, type: 'begin', data: { ...data } });
    await this.#reserveRoom();
  }

  /**
   * Blocks behind the journal's end, so that a disk which fills up meanwhile can't keep the way back from being written
   * down. A file system that can't reserve, or has no room, is worth no word: preflight looks at the free disk.
   */
  async #reserveRoom(): Promise<void> {
    const end = (await this.#host.files.stat(this.#path))?.bytes ?? 0;
    const argv = ['fallocate', '--keep-size', '--offset', String(end), '--length', String(room), this.#path] as const;
    await this.#host.exec(argv, { timeout: 10_000, changes: true, record: false });
  }

  /** All that the deployment had to change or to undo is done, its report is written. */
  async end(command: string, data: Record<string, unknown>): Promise<void> {
    await this.#append({ stage: 'deployment', action: command, type: 'end', data });
  }

  /** Writes the intent, makes the change, writes the outcome; the change's own error is thrown on. */
  async record<T>(change: Change, make: () => Promise<T>): Promise<T> {
    await this.#intend(change);
    return await this.#make(change, make);
  }

  /**
   * As `record`, for the way back: a disk that is full in spite of the reserved room must not stop it. An earlier intent
   * told recovery already that there is something to go back from. But a restore is not made then: whoever recovers would
   * not know of it, and make it once more, over what was written since.
   */
  async recordIfPossible<T>(change: Change, make: () => Promise<T>): Promise<T> {
    const intended = this.#intend(change);
    await (change.undo.restoring === undefined ? intended.catch(() => {}) : intended);
    return await this.#make(change, make);
  }

  async #intend({ stage, action, recovery, undo }: Change): Promise<void> {
    await this.#append({ stage, action, type: 'intent', recovery, data: { ...undo } });
  }

  async #make<T>({ stage, action }: Change, make: () => Promise<T>): Promise<T> {
    // An outcome that could not be written must neither hide what went wrong nor undo what went well: without it the
    // change counts as unfinished, and every change can be done again.
    const outcome = (ok: boolean) => this.#append({ stage, action, type: 'outcome', data: { ok } }).catch(() => {});
    try {
      const result = await make();
      await outcome(true);
      return result;
    } catch (error) {
      await outcome(false);
      throw error;
    }
  }

  async #append(entry: Omit<JournalEntry, 'version' | 'at' | 'deployment'>): Promise<void> {
    const line = { version: 2, at: new Date().toISOString(), deployment: this.#deployment, ...entry };
    this.#healed ??= this.#endTornLine();
    await this.#healed;
    await this.#host.files.appendText(this.#path, `${JSON.stringify(line)}\n`, 0o600);
  }

  /** An entry that is written right behind a torn line would be lost with it. */
  async #endTornLine(): Promise<void> {
    const text = await this.#host.files.readText(this.#path);
    if (text !== null && text !== '' && !text.endsWith('\n'))
      await this.#host.files.appendText(this.#path, '\n', 0o600);
  }
}

/**
 * The entries of a journal, those of older versions as this one would have written them. A torn line, as a power loss
 * leaves it, is no JSON and left out: what it would have told was not begun. Throws `HomeportError` for an entry that a
 * newer Homeport wrote, or that nobody can have written: acting on half a journal could undo the wrong thing.
 */
export async function readJournal(files: HostFiles, path: string): Promise<JournalEntry[]> {
  const text = (await files.readText(path)) ?? '';
  return text.split('\n').flatMap((line) => {
    const json = tryParseJson(line);
    return typeof json === 'object' && json !== null ? parseEntry(json, path) : [];
  });
}
