import { realpath } from 'node:fs/promises';
import { isAbsolute, normalize, relative, resolve } from 'node:path';
import type { HostFiles } from '../hosts/host.ts';
import type { CoverageReport } from './coverage.ts';

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

  /**
   * Of a file that a report names. A relative name starts at the first of the report's sources where there is such a
   * file; a report from inside a container names sources that aren't here, its names start at the working directory.
   */
  async name(file: string, sources: CoverageReport['sources']): Promise<string> {
    if (isAbsolute(file)) return this.#short(normalize(file));
    for (const source of sources) {
      const path = resolve(this.#roots[0] ?? '.', source, file);
      if ((await this.#files.stat(path)) !== null) return this.#short(path);
    }
    return normalize(file);
  }

  #short(path: string): string {
    for (const root of this.#roots) {
      const inside = relative(root, path);
      if (inside !== '' && inside !== '..' && !inside.startsWith('../') && !isAbsolute(inside)) return inside;
    }
    return path;
  }
}
