import { createWriteStream, type WriteStream } from 'node:fs';
import { finished } from 'node:stream/promises';
import { formatDuration } from '../request/units.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';
import { cleanLines } from './safe-text.ts';
import { renderText } from './text.ts';

/**
 * The deployment's log file: `2025-11-21T10:15:00.000Z build | …`, a line for each line, appended, mode 0600.
 * The folder must exist. `close` rejects with what the disk said.
 */
export class LogFileReporter implements Reporter {
  readonly name = 'log file';
  readonly #stream: WriteStream;
  #failure: Error | null = null;

  constructor(path: string) {
    this.#stream = createWriteStream(path, { flags: 'a', mode: 0o600, flush: true });
    // Without a listener a full disk would end the process; `close` tells.
    this.#stream.on('error', (error) => {
      this.#failure ??= error;
    });
  }

  event(event: DeploymentEvent): void {
    switch (event.type) {
      case 'started':
        this.#append('homeport', `${event.report.command} ${event.report.deployment} started`);
        break;
      case 'stage-started':
        this.#append(event.stage.name, 'started');
        break;
      case 'line':
        this.#append(event.stage, event.text);
        break;
      case 'warning':
        this.#append(event.stage, `WARNING: ${event.text}`);
        break;
      case 'stage-finished': {
        const { name, status, duration_seconds, error } = event.stage;
        this.#append(name, `${status} after ${formatDuration(duration_seconds)}${error === null ? '' : `: ${error}`}`);
        break;
      }
      case 'finished':
        this.#append('homeport', renderText(event.report));
        break;
    }
  }

  async close(signal: AbortSignal): Promise<void> {
    if (this.#failure) throw this.#failure;
    this.#stream.end();
    try {
      await finished(this.#stream, { signal });
    } catch (error) {
      this.#stream.destroy();
      throw this.#failure ?? error;
    }
  }

  #append(stage: string, text: string): void {
    if (this.#failure || this.#stream.writableEnded) return;
    const at = new Date().toISOString();
    this.#stream.write(
      cleanLines(text)
        .map((line) => `${at} ${stage} | ${line}\n`)
        .join(''),
    );
  }
}
