import { realpath } from 'node:fs/promises';
import { dirname, isAbsolute, normalize, relative, resolve } from 'node:path';
import type { HostFiles } from '../hosts/host.ts';
import type { CoverageFormat, CoverageReport, ReportPlace } from './coverage.ts';

/** Gives a source file's one name by the name that a report has for it. */
export type NameOf = (file: string) => Promise<string>;

/**
 * Names source files alike whatever report they come from, so that the same file is merged and not counted twice:
 * relative to the working directory inside it, absolute outside.
 */
export class SourcePaths {
  readonly #roots: readonly string[];
  readonly #files: HostFiles;

  private constructor(roots: readonly string[], files: HostFiles) {
    this.#roots = roots;
    this.#files = files;
  }

  static async of(workingDirectory: string, files: HostFiles): Promise<SourcePaths> {
    // Tools write the path without symbolic links (their process's working directory is the real one).
    const real = await realpath(workingDirectory).catch(() => workingDirectory);
    return new SourcePaths([...new Set([resolve(workingDirectory), real])], files);
  }

  /** For the files of the report at `path` (absolute). */
  async namesOf(path: string, format: CoverageFormat, { sources }: CoverageReport): Promise<NameOf> {
    const folders = this.#foldersOf(path);
    const locate = await format.locator?.({ folders, files: this.#files });
    if (locate !== undefined) {
      return async (file) => {
        const located = await locate(forwardSlashes(file));
        return isAbsolute(located) ? this.#short(located) : located;
      };
    }
    return (file) => this.#find(forwardSlashes(file), folders, sources.map(forwardSlashes));
  }

  /**
   * A relative name starts at the first of the report's sources where there is such a file, else at the report's own
   * folder or the nearest above it: each package of a monorepo has its `src/index.ts`. A report from inside a container
   * names sources that aren't here; its names start at the working directory.
   */
  async #find(file: string, folders: ReportPlace['folders'], sources: readonly string[]): Promise<string> {
    if (isAbsolute(file)) return this.#short(normalize(file));
    if (/^[A-Za-z]:\//.test(file)) return file;
    const starts = sources.flatMap((source) => folders.map((folder) => resolve(folder, source)));
    for (const start of new Set([...starts, ...folders])) {
      const path = resolve(start, file);
      if ((await this.#files.stat(path)) !== null) return this.#short(path);
    }
    return normalize(file);
  }

  /** The working directory alone for a report outside of it. */
  #foldersOf(report: string): string[] {
    const folders: string[] = [];
    for (const root of this.#roots) {
      for (let folder = dirname(report); inside(root, folder) !== null; folder = dirname(folder)) folders.push(folder);
      if (folders.length > 0) return [...folders, root];
    }
    return this.#roots.slice(0, 1);
  }

  #short(path: string): string {
    for (const root of this.#roots) {
      const short = inside(root, path);
      if (short !== null) return short;
    }
    return path;
  }
}

/** Relative to the folder that it is in; `null` for the folder itself and all that is outside. */
function inside(folder: string, path: string): string | null {
  const short = relative(folder, path);
  return short === '' || short === '..' || short.startsWith('../') || isAbsolute(short) ? null : short;
}

/** Of a name that a tool wrote on Windows. */
function forwardSlashes(file: string): string {
  return /^[A-Za-z]:\\/.test(file) || !file.includes('/') ? file.replaceAll('\\', '/') : file;
}
