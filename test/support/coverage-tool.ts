import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import type { CoverageResult } from '../../src/coverage/coverage.ts';
import { measureCoverage } from '../../src/coverage/measure.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';

/** Milliseconds; a registry may be slow, and the tools share two cores. */
const toolTimeout = 180_000;

/** A project of its own in which a real tool measures coverage. */
export class CoverageProject {
  readonly root: string;

  constructor(files: Readonly<Record<string, string>>) {
    this.root = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-coverage-tool-')));
    this.write(files);
  }

  write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(this.root, path)), { recursive: true });
      writeFileSync(join(this.root, path), text);
    }
  }

  /** What the command prints; a failure throws with it. */
  async run(file: string, ...args: readonly string[]): Promise<string> {
    const { stdout } = await promisify(execFile)(file, args, {
      cwd: this.root,
      env: environment(),
      timeout: toolTimeout,
      killSignal: 'SIGKILL',
      maxBuffer: 64 * 1024 * 1024,
    }).catch((error: unknown) => {
      const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
      throw new Error(`${file} ${args.join(' ')}\n${stdout}\n${stderr}`, { cause: error });
    });
    return stdout;
  }

  /** A script of a package that is installed here. */
  async runNode(script: string, ...args: readonly string[]): Promise<string> {
    return await this.run(process.execPath, join(this.root, 'node_modules', script), ...args);
  }

  async measure(...patterns: readonly string[]): Promise<CoverageResult> {
    return await measureCoverage({
      patterns,
      workingDirectory: this.root,
      notBefore: null,
      files: new LocalFiles(),
      say: () => {},
    });
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

/** This one's Node first, and nothing of the test runner that runs this. */
function environment(): NodeJS.ProcessEnv {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^(?:NODE_|VITEST|npm_|GOFLAGS$|COVERAGE_|PYTEST_)/.test(name)),
  );
  return { ...env, PATH: `${dirname(process.execPath)}${delimiter}${process.env.PATH ?? ''}`, CI: 'true' };
}

/** Within what a tool loses by printing two decimals. */
export function expectSamePercent(ours: number, printed: number): void {
  expect(printed).toBeGreaterThan(0);
  expect(printed).toBeLessThan(100);
  expect(Math.abs(ours - printed), `${ours} against ${printed}`).toBeLessThanOrEqual(0.05);
}

export function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`${pattern} is not in what the tool printed:\n${text}`);
  return Number(found);
}
