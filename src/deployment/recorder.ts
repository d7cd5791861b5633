import type { ExecOptions, ExecResult, Host } from '../hosts/host.ts';
import { printable } from '../hosts/printable.ts';
import type { Redactor } from '../hosts/redactor.ts';
import type { DeploymentEvent } from '../reporters/reporter.ts';
import type { ExitCode, HomeportError } from './error.ts';
import type { Report, StageReport } from './report.ts';

/** Milliseconds for which a line is held back that may end in the first half of a secret. */
const patience = 200;
/** Lines that one secret may be broken over; a key in base64 takes that many. */
const mostHeld = 100;

/** Keeps the report while the deployment goes on, and tells each change as an event. */
export class Recorder {
  readonly report: Report;
  readonly #emit: (event: DeploymentEvent) => void;
  readonly #redactor: Redactor;
  /** By stage, what is not told yet. */
  readonly #held = new Map<string, { readonly lines: string[]; readonly alarm: NodeJS.Timeout }>();

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
    this.#tellHeld(stage.name);
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

  /** Tells it at once, but for lines that may end within a secret: those wait a moment for the next one. */
  say(stage: string, text: string): void {
    const before = this.#takeHeld(stage);
    const lines = [...before, text];
    if (lines.length < mostHeld && this.#redactor.mayGoOn(lines.join('\n'))) {
      this.#held.set(stage, { lines, alarm: setTimeout(() => this.#tellHeld(stage), patience) });
      return;
    }
    this.#tell(stage, lines);
  }

  warn(stage: string, text: string): void {
    this.#tellHeld(stage);
    const redacted = this.redact(text);
    if (!this.report.warnings.includes(redacted)) this.report.warnings.push(redacted);
    this.#emit({ type: 'warning', stage, text: redacted });
  }

  finished(): void {
    for (const stage of [...this.#held.keys()]) this.#tellHeld(stage);
    this.#emit({ type: 'finished', report: this.report });
  }

  redact(text: string): string {
    return this.#redactor.redact(text);
  }

  /** From here on these are secrets too. */
  hide(secrets: readonly string[]): void {
    for (const secret of secrets) this.#redactor.add(secret);
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
    this.#tellHeld(stage.name);
    stage.commands.push({
      command: result.command,
      exit_code: result.exitCode,
      duration_seconds: round(result.durationMs / 1000),
      output: result.tail,
    });
    return result;
  }

  #tell(stage: string, lines: readonly string[]): void {
    if (lines.length === 0) return;
    for (const line of this.redact(lines.join('\n')).split('\n')) this.#emit({ type: 'line', stage, text: line });
  }

  #tellHeld(stage: string): void {
    this.#tell(stage, this.#takeHeld(stage));
  }

  #takeHeld(stage: string): readonly string[] {
    const held = this.#held.get(stage);
    clearTimeout(held?.alarm);
    this.#held.delete(stage);
    return held?.lines ?? [];
  }
}

export function secondsSince(begin: Date): number {
  // A clock that was put back meanwhile makes no negative times.
  return round(Math.max(0, Date.now() - begin.getTime()) / 1000);
}

export function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
