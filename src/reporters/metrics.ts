import { chmod, open, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../deployment/error.ts';
import type { Report } from '../deployment/report.ts';
import { LocalHost } from '../hosts/local.ts';
import { Redactor } from '../hosts/redactor.ts';
import { BrokenMetrics, MetricStore } from './metric-store.ts';
import { families, takeReport } from './metrics-of-report.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';

/** Seconds to wait for another deployment that writes in the same folder. */
const longestWait = 5;

/**
 * Keeps a file for the textfile collector of Prometheus' node_exporter: one file a project, whose counters go on from
 * what it says.
 */
export class MetricsReporter implements Reporter {
  readonly name = 'metrics';
  readonly #path: string;
  #final: Report | null = null;

  /** `path` is absolute; its folder must exist. */
  constructor(path: string) {
    this.#path = path;
  }

  event(event: DeploymentEvent): void {
    if (event.type === 'finished') this.#final = event.report;
  }

  /** Rejects when the file could not be written, or had to be started anew. */
  async close(signal: AbortSignal): Promise<void> {
    const report = this.#final;
    if (report === null) return;
    const problem = await locked(dirname(this.#path), signal, async () => {
      const { store, broken } = await this.#read(report.project);
      takeReport(store, report);
      await this.#write(store.render());
      return broken;
    });
    if (problem !== null) throw new Error(problem);
  }

  /** What is not as we write it is set aside, and told. */
  async #read(project: string): Promise<{ store: MetricStore; broken: string | null }> {
    const text = await readFile(this.#path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '';
      throw error;
    });
    try {
      return { store: MetricStore.parse(text, families, project), broken: null };
    } catch (error) {
      if (!(error instanceof BrokenMetrics)) {
        const why = `${this.#path} was left alone: ${messageOf(error)}. Give each project a file of its own`;
        throw new Error(why, { cause: error });
      }
      await rename(this.#path, `${this.#path}.broken`);
      const broken = `${this.#path} was broken (${error.message}), so that its counters begin anew; it is kept as ${this.#path}.broken`;
      return { store: new MetricStore(families, project), broken };
    }
  }

  /** In one step: a scrape sees the old file or the new one. The name on the way is not one that the collector reads. */
  async #write(text: string): Promise<void> {
    const half = `${this.#path}.tmp`;
    await writeFile(half, text, { flush: true });
    // Another user than ours reads it, whatever our umask says.
    await chmod(half, 0o644);
    await rename(half, this.#path);
  }
}

/**
 * Under the kernel's lock of the folder: two deployments may end at the same moment, and the project's own lock is free
 * by then. Throws when the folder isn't there, or stays locked.
 */
async function locked<T>(folder: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  const handle = await open(folder, 'r').catch((error: unknown) => {
    throw new Error(`the folder of the file can not be opened: ${messageOf(error)}`, { cause: error });
  });
  try {
    const host = new LocalHost({ redactor: new Redactor(), lockDescriptor: () => handle.fd });
    const wait = ['--timeout', String(longestWait), '3'];
    const options = { timeout: (longestWait + 2) * 1000, signal, changes: true, record: false };
    const { outcome, tail } = await host.exec(['flock', ...wait], options);
    if (outcome !== 'success') throw new Error(`${folder} can not be locked (${outcome}) ${tail}`.trimEnd());
    return await work();
  } finally {
    await handle.close();
  }
}
