import type { Report, StageReport } from '../deployment/report.ts';
import { formatDuration } from '../request/units.ts';
import { shortCommit } from './facts.ts';
import { GithubGroups } from './github-groups.ts';
import { LogLines } from './log-lines.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';
import { cleanLine } from './safe-text.ts';
import { renderVerdict } from './text.ts';

export interface LogOptions {
  /** `github`: a group for each stage; `terminal`: for a person who watches; `plain`: for a pipe. */
  readonly mode: 'github' | 'terminal' | 'plain';
  /** Only `terminal` has colours. */
  readonly colour: boolean;
  readonly write: (text: string) => void;
}

/** Where stages are told about. Texts may have several lines. */
export interface LogSink {
  opened(stage: string): void;
  lines(stage: string, text: string, tone: 'output' | 'warning'): void;
  closed(stage: string, closing: string, status: StageReport['status']): void;
  /** What belongs to no stage. */
  outside(text: string): void;
  /** Prints what is held back. */
  flush(): void;
}

const marks: Readonly<Record<StageReport['status'], string>> = {
  pending: ' ',
  running: '▶',
  success: '✔',
  failed: '✖',
  skipped: '↷',
  cancelled: '■',
};

/** Live progress. The last thing that it writes is the verdict with cause, next step and warnings. */
export class LogReporter implements Reporter {
  readonly name = 'log';
  readonly #sink: LogSink;

  constructor({ mode, colour, write }: LogOptions) {
    this.#sink =
      mode === 'github'
        ? new GithubGroups(write)
        : new LogLines({ separator: mode === 'terminal' ? '│' : '|', colour: colour && mode === 'terminal', write });
  }

  event(event: DeploymentEvent): void {
    switch (event.type) {
      case 'started':
        this.#sink.outside(openingOf(event.report));
        break;
      case 'stage-started':
        this.#sink.opened(event.stage.name);
        break;
      case 'line':
        this.#sink.lines(event.stage, event.text, 'output');
        break;
      case 'warning':
        this.#sink.lines(event.stage, `WARNING: ${event.text}`, 'warning');
        break;
      case 'stage-finished':
        this.#sink.closed(event.stage.name, closingOf(event.stage), event.stage.status);
        break;
      case 'finished':
        this.#sink.flush();
        this.#sink.outside(`\n${renderVerdict(event.report)}`);
        break;
    }
  }

  async close(): Promise<void> {
    this.#sink.flush();
  }
}

function openingOf(report: Report): string {
  const branch = report.branch === null ? '' : ` on ${report.branch}`;
  return cleanLine(
    `Homeport ${report.command} ${report.project} ${shortCommit(report.commit)}${branch} (${report.deployment})`,
  );
}

function closingOf({ name, status, duration_seconds, error }: StageReport): string {
  const word = status === 'success' ? '' : ` ${status}`;
  return cleanLine(
    `${marks[status]} ${name} ${formatDuration(duration_seconds)}${word}${error === null ? '' : `: ${error}`}`,
  );
}
