import { glob } from 'node:fs/promises';
import { relative, resolve } from 'node:path';
import { messageOf } from '../deployment/error.ts';
import { isFromBefore } from '../hosts/file-times.ts';
import type { FileFacts, HostFiles } from '../hosts/host.ts';
import { addFigures, parseJunit, type TestFigures } from './junit.ts';

/** Surefire writes one file a class; more than this is a pattern that means something else. */
const mostFiles = 2000;
/** Bytes, of one file and of all that one suite wrote. */
const largestFile = 16 * 2 ** 20;
const largestSum = 64 * 2 ** 20;

export interface TestReportsOptions {
  /** Files or globs, relative to the working directory. */
  readonly patterns: readonly string[];
  /** Absolute. */
  readonly workingDirectory: string;
  readonly files: HostFiles;
  readonly warn: (text: string) => void;
}

/** The JUnit reports that the suites of one deployment write. What is wrong with one is a warning and nothing more. */
export class TestReports {
  readonly #options: TestReportsOptions;
  /** By path: which state of it belongs to a suite already. */
  readonly #read = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(options: TestReportsOptions) {
    this.#options = options;
  }

  /** What the suite that began then has written; `null` where it wrote nothing that can be read. Never rejects. */
  async ofSuite(began: Date): Promise<TestFigures | null> {
    const figures: TestFigures[] = [];
    let bytes = 0;
    for (const [path, facts] of await this.#fresh(began)) {
      bytes += facts.bytes;
      const one = bytes > largestSum ? this.#tooMuch(path) : await this.#parse(path, facts);
      if (one !== null) figures.push(one);
    }
    return figures.length === 0 ? null : addFigures(figures);
  }

  /** The patterns for which no suite wrote a file. */
  unused(): string[] {
    return this.#options.patterns.filter((pattern) => !this.#used.has(pattern));
  }

  /** Files that were written since then, and not for a suite before. */
  async #fresh(began: Date): Promise<Map<string, FileFacts>> {
    const fresh = new Map<string, FileFacts>();
    for (const pattern of this.#options.patterns) {
      try {
        for (const path of await this.#matching(pattern)) {
          const facts = await this.#options.files.stat(path);
          if (facts?.kind !== 'file' || isFromBefore(facts.modifiedAt, began)) continue;
          this.#used.add(pattern);
          const state = `${facts.modifiedAt.getTime()} ${facts.bytes}`;
          if (this.#read.get(path) === state) continue;
          this.#read.set(path, state);
          fresh.set(path, facts);
        }
      } catch (error) {
        this.#options.warn(`\`test-report\`: \`${pattern}\` can't be looked for: ${messageOf(error)}`);
      }
    }
    return fresh;
  }

  async #matching(pattern: string): Promise<string[]> {
    const { workingDirectory, files } = this.#options;
    const literal = resolve(workingDirectory, pattern);
    // A path may well hold characters that mean something in a glob.
    if ((await files.stat(literal)) !== null) return [literal];
    const found: string[] = [];
    const exclude = (path: string) => path.split('/').at(-1) === 'node_modules';
    for await (const path of glob(pattern, { cwd: workingDirectory, exclude })) {
      found.push(resolve(workingDirectory, path));
      if (found.length < mostFiles) continue;
      this.#options.warn(
        `\`test-report\`: \`${pattern}\` means more than ${mostFiles} files; the others are not read.`,
      );
      break;
    }
    return found.sort();
  }

  async #parse(path: string, facts: FileFacts): Promise<TestFigures | null> {
    const shown = this.#shown(path);
    if (facts.bytes > largestFile) return this.#tooMuch(path);
    try {
      const text = await this.#options.files.readText(path);
      if (text === null) throw new Error('it is gone');
      if (text.trim() === '') throw new Error('it is empty');
      return parseJunit(text);
    } catch (error) {
      this.#options.warn(`The test report ${shown} can't be read as JUnit XML: ${messageOf(error)}`);
      return null;
    }
  }

  #tooMuch(path: string): null {
    const size = `${largestFile / 2 ** 20} MiB, or ${largestSum / 2 ** 20} MiB in all`;
    this.#options.warn(`The test report ${this.#shown(path)} is not read: it is larger than ${size}.`);
    return null;
  }

  #shown(path: string): string {
    const inside = relative(this.#options.workingDirectory, path);
    return inside.startsWith('..') ? path : inside;
  }
}
