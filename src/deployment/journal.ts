import { z } from 'zod';
import type { HostFiles } from '../hosts/host.ts';
import { tryParseJson } from '../request/parse-json.ts';

/** One line: what is about to change, with what it takes to undo it, or how that went. */
const entry = z.object({
  version: z.literal(1),
  at: z.string(),
  deployment: z.string(),
  stage: z.string(),
  action: z.string(),
  type: z.enum(['intent', 'outcome']),
  /** Of an intent: undo data. Of an outcome: what came out. */
  data: z.record(z.string(), z.unknown()),
});
export type JournalEntry = z.infer<typeof entry>;

/** `journal.jsonl`: intent before each change, outcome after it; on the disk before anything goes on. */
export class Journal {
  readonly #files: HostFiles;
  readonly #path: string;
  readonly #deployment: string;
  #healed: Promise<void> | null = null;

  constructor(files: HostFiles, path: string, deployment: string) {
    this.#files = files;
    this.#path = path;
    this.#deployment = deployment;
  }

  /** Writes the intent, makes the change, writes the outcome; the change's own error is thrown on. */
  async record<T>(stage: string, action: string, undo: Record<string, unknown>, change: () => Promise<T>): Promise<T> {
    await this.#append(stage, action, 'intent', undo);
    // An outcome that could not be written must neither hide what went wrong nor undo what went well: without it the
    // change counts as unfinished, and every change can be done again.
    const outcome = (ok: boolean) => this.#append(stage, action, 'outcome', { ok }).catch(() => {});
    try {
      const result = await change();
      await outcome(true);
      return result;
    } catch (error) {
      await outcome(false);
      throw error;
    }
  }

  async #append(stage: string, action: string, type: JournalEntry['type'], data: Record<string, unknown>) {
    const line: JournalEntry = {
      version: 1,
      at: new Date().toISOString(),
      deployment: this.#deployment,
      stage,
      action,
      type,
      data,
    };
    this.#healed ??= this.#endTornLine();
    await this.#healed;
    await this.#files.appendText(this.#path, `${JSON.stringify(line)}\n`, 0o600);
  }

  /** An entry that is written right behind a torn line would be lost with it. */
  async #endTornLine(): Promise<void> {
    const text = await this.#files.readText(this.#path);
    if (text !== null && text !== '' && !text.endsWith('\n')) await this.#files.appendText(this.#path, '\n', 0o600);
  }
}

/** The entries of a journal; a torn last line, as a power loss leaves it, is left out. */
export async function readJournal(files: HostFiles, path: string): Promise<JournalEntry[]> {
  const text = (await files.readText(path)) ?? '';
  const lines = text.split('\n').slice(0, -1);
  return lines.flatMap((line) => {
    const parsed = entry.safeParse(tryParseJson(line));
    return parsed.success ? [parsed.data] : [];
  });
}
