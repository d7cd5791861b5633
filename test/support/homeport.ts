import { type ChildProcess, spawn } from 'node:child_process';

/** How a command of the CLI ended. */
export interface Ended {
  /** `null` when a signal ended it. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  /** Both streams, as they came. */
  readonly output: string;
}

/** A command of the CLI that is under way. */
export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves as soon as its output has it; rejects when the command ends without. */
  said(wanted: string | RegExp): Promise<void>;
  /** To the process alone, as a runner does it. */
  signal(name: NodeJS.Signals): void;
  /** Ends it and what it started, if it still runs. */
  killed(): Promise<void>;
}

/** Starts `node` with these words, in a process group of its own. A time-out (ms) kills that group. */
export function begin(
  words: readonly string[],
  options: { cwd: string; env: Readonly<Record<string, string>>; timeout: number },
): Running {
  const child = spawn(process.execPath, [...words], {
    cwd: options.cwd,
    env: { ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  const streams = { stdout: '', stderr: '', output: '' };
  const hearers = new Set<() => void>();
  const take = (name: 'stdout' | 'stderr') => (text: string) => {
    streams[name] += text;
    streams.output += text;
    for (const hear of hearers) hear();
  };
  child.stdout.setEncoding('utf8').on('data', take('stdout'));
  child.stderr.setEncoding('utf8').on('data', take('stderr'));

  const killGroup = (): void => {
    if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    try {
      process.kill(-child.pid, 'SIGKILL');
    } catch {
      // It ended just now.
    }
  };
  const alarm = setTimeout(() => {
    streams.stderr += `killed after ${options.timeout} ms\n`;
    killGroup();
  }, options.timeout);
  const ended = new Promise<Ended>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(alarm);
      resolve({ exitCode, ...streams });
    });
  });

  return {
    child,
    ended,
    said: (wanted) => {
      const has = (): boolean =>
        typeof wanted === 'string' ? streams.output.includes(wanted) : wanted.test(streams.output);
      const heard = new Promise<void>((resolve) => {
        const hear = (): void => {
          if (!has()) return;
          hearers.delete(hear);
          resolve();
        };
        hearers.add(hear);
        hear();
      });
      const silent = ended.then(() => {
        if (!has()) throw new Error(`it ended without saying ${wanted}:\n${streams.output}`);
      });
      return Promise.race([heard, silent]);
    },
    signal: (name) => {
      child.kill(name);
    },
    killed: async () => {
      killGroup();
      await ended.catch(() => {});
    },
  };
}
