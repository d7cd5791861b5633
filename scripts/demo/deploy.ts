import { readFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { execa } from 'execa';
import { type Report, reportSchema } from '../../src/deployment/report.ts';
import { clearBusy, say, sayBusy } from './screen.ts';

const HOMEPORT = join(import.meta.dirname, '../../dist/cli/index.js');
const LAST_WORDS = 60;
// Homeport itself gives up after its time-out of 2 minutes and then needs a moment for the way back.
const PATIENCE_MS = 240_000;

export interface Deployed {
  exitCode: number;
  report: Report;
}

export interface DeployOptions {
  folder: string;
  project: string;
  stateDirectory: string;
  signal: AbortSignal;
}

/**
 * Runs `homeport deploy` as a user would and prints its stages as they end. When `signal` aborts, it is told to stop, and
 * waited for.
 * @throws with its last words when it leaves no report
 */
export async function deploy({ folder, project, stateDirectory, signal }: DeployOptions): Promise<Deployed> {
  signal.throwIfAborted();
  const flags = ['--project', project, '--state-directory', stateDirectory, '--minimum-free-disk', '1GiB'];
  const times = ['--startup-wait', '3s', '--start-timeout', '1m', '--timeout', '2m'];
  const child = execa(process.execPath, [HOMEPORT, 'deploy', ...flags, ...times], {
    cwd: folder,
    env: environment(),
    extendEnv: false,
    reject: false,
    all: true,
    stdin: 'ignore',
    timeout: PATIENCE_MS,
    killSignal: 'SIGINT',
    forceKillAfterDelay: 60_000,
    // Ctrl-C reaches it through us, once.
    detached: true,
  });
  const onAbort = (): void => void child.kill('SIGINT');
  signal.addEventListener('abort', onAbort, { once: true });
  const progress = new Progress();
  try {
    for await (const line of child.iterable({ from: 'all' })) progress.read(line);
    const result = await child;
    signal.throwIfAborted();
    if (progress.reportPath === null || result.exitCode === undefined) {
      throw new Error(`Homeport left no report. Its last words:\n${progress.lastLines.join('\n')}`);
    }
    const report = reportSchema.parse(JSON.parse(await readFile(progress.reportPath, 'utf8')));
    return { exitCode: result.exitCode, report };
  } finally {
    signal.removeEventListener('abort', onAbort);
    progress.end();
  }
}

/** Follows the lines that Homeport prints into a pipe. */
class Progress {
  reportPath: string | null = null;
  readonly lastLines: string[] = [];
  readonly #running = new Set<string>();
  readonly #start = Date.now();
  readonly #ticker = setInterval(() => this.#showRunning(), 1000);

  read(line: string): void {
    this.lastLines.push(line);
    if (this.lastLines.length > LAST_WORDS) this.lastLines.shift();
    const [, begun] = /^▶ (\w+)$/.exec(line) ?? [];
    const [, mark, stage, rest] = /^([✔✖■]) (\w+) (.*)$/u.exec(line) ?? [];
    const [, warning] = /^ {2}\w+ \| WARNING: (.*)$/.exec(line) ?? [];
    const [, reportPath] = /^report: (.*)$/.exec(line) ?? [];
    if (begun !== undefined) this.#running.add(begun);
    if (stage !== undefined && rest !== undefined) {
      this.#running.delete(stage);
      say(`  ${mark} ${stage.padEnd(10)} ${rest}`, mark === '✔' ? 'plain' : 'bad');
    }
    if (warning !== undefined) say(`  ! ${warning}`, 'warning');
    if (reportPath !== undefined) this.reportPath = reportPath;
    this.#showRunning();
  }

  end(): void {
    clearInterval(this.#ticker);
    clearBusy();
  }

  #showRunning(): void {
    if (this.#running.size === 0) return;
    const seconds = Math.round((Date.now() - this.#start) / 1000);
    sayBusy(`  … ${[...this.#running].join(', ')} (${seconds}s)`);
  }
}

/** This process's environment, without what would change the deployment, and with this Node first on the PATH. */
function environment(): Record<string, string> {
  const strange = /^(HOMEPORT|COMPOSE|GIT|GITHUB|GUESTBOOK|NODE_OPTIONS|NODE_TEST)/;
  const kept = Object.entries(process.env).flatMap(([key, value]): [string, string][] =>
    value === undefined || strange.test(key) ? [] : [[key, value]],
  );
  // The guestbook's tests run on this machine and need Node 24.
  const path = [dirname(process.execPath), process.env.PATH ?? ''].join(delimiter);
  return { ...Object.fromEntries(kept), PATH: path };
}
