import type { ExecOptions, ExecResult, Host } from '../hosts/host.ts';
import { printable } from '../hosts/printable.ts';
import type { Redactor } from '../hosts/redactor.ts';
import type { DeploymentEvent } from '../reporters/reporter.ts';
import type { ExitCode, HomeportError } from './error.ts';
import type { Report, StageReport } from './report.ts';

/** Keeps the report while the deployment goes on, and tells each change as an event. */
export class Recorder {
  readonly report: Report;
  readonly #emit: (event: DeploymentEvent) => void;
  readonly #redactor: Redactor;

  constructor(report: Report, options: { emit: (event: DeploymentEvent) => void; redactor: Redactor }) {
    this.report = report;
    this.#emit = options.emit;
    this.#redactor = options.redactor;
  }

  started(): void {
    this.#emit({ type: 'started', report: this.report });
  }

  stageStarted(stage: StageReport): void {
    stage.status = 'running';
    stage.started_at = new Date().toISOString();
    this.#emit({ type: 'stage-started', stage, report: this.report });
  }

  stageFinished(stage: StageReport, status: StageReport['status'], error: string | null): void {
    stage.status = status;
    stage.error = error === null ? null : this.redact(error);
    if (stage.started_at !== null) stage.duration_seconds = secondsSince(new Date(stage.started_at));
    this.#emit({ type: 'stage-finished', stage, report: this.report });
  }

  /** Why the deployment fails, as soon as that is known: whoever recovers it must be able to tell. */
  failed(stage: string, error: HomeportError, exitCode: ExitCode): void {
    const { message, hint, excerpt } = error;
    this.report.phase = stage;
    this.report.exit_code = exitCode;
    this.report.error = {
      stage,
      message: this.redact(message),
      hint: this.redact(hint),
      excerpt: excerpt === undefined ? null : this.redact(excerpt),
    };
  }

  say(stage: string, text: string): void {
    for (const line of this.redact(text).split('\n')) this.#emit({ type: 'line', stage, text: line });
  }

  warn(stage: string, text: string): void {
    const redacted = this.redact(text);
    if (!this.report.warnings.includes(redacted)) this.report.warnings.push(redacted);
    this.#emit({ type: 'warning', stage, text: redacted });
  }

  finished(): void {
    this.#emit({ type: 'finished', report: this.report });
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  /** The host, as a stage sees it: its commands stand in the stage's report, their output in the log. */
  hostOf(host: Host, stage: StageReport): Host {
    return {
      name: host.name,
      files: host.files,
      exec: (argv, options) => this.#exec(host, stage, argv, options),
    };
  }

  async #exec(
    host: Host,
    stage: StageReport,
    argv: readonly [string, ...string[]],
    options: ExecOptions,
  ): Promise<ExecResult> {
    if (options.record === false) return await host.exec(argv, options);
    // By words: quotes change how a secret looks.
    this.say(stage.name, `$ ${printable(argv.map((word) => this.redact(word)))}`);
    const result = await host.exec(argv, options);
    stage.commands.push({
      command: result.command,
      exit_code: result.exitCode,
      duration_seconds: round(result.durationMs / 1000),
      output: result.tail,
    });
    return result;
  }
}

export function secondsSince(begin: Date): number {
  // A clock that was put back meanwhile makes no negative times.
  return round(Math.max(0, Date.now() - begin.getTime()) / 1000);
}

export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
