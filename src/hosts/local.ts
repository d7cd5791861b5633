import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { StringDecoder } from 'node:string_decoder';
import { execa, type Options } from 'execa';
import type { ExecOptions, ExecResult, Host, HostFiles, InputFile } from './host.ts';
import { LocalFiles } from './local-files.ts';
import { ownerVariable } from './owned.ts';
import { printable } from './printable.ts';
import type { Redactor } from './redactor.ts';

const mostCollected = 64 * 2 ** 20;
const tailLength = 4096;
/** Characters; of a line that is longer, the end is told. */
const longestLine = 2 ** 20;

export interface LocalHostOptions {
  readonly redactor: Redactor;
  /** An open file that every command inherits as descriptor 3: the kernel lock lives as long as any of them. */
  readonly lockDescriptor?: () => number | undefined;
  /** Stands in the environment of every command: what a killed Homeport left running is found by it. */
  readonly owner?: () => string | undefined;
}

/** This machine. */
export class LocalHost implements Host {
  readonly name = 'local';
  readonly files: HostFiles = new LocalFiles();
  readonly #redactor: Redactor;
  readonly #lockDescriptor: () => number | undefined;
  readonly #owner: () => string | undefined;

  constructor(options: LocalHostOptions) {
    this.#redactor = options.redactor;
    this.#lockDescriptor = options.lockDescriptor ?? (() => undefined);
    this.#owner = options.owner ?? (() => undefined);
  }

  async exec(argv: readonly [string, ...string[]], options: ExecOptions): Promise<ExecResult> {
    const startedAt = new Date();
    const begin = performance.now();
    const [file, ...args] = argv;
    // Execa's types name the descriptors 3 to 9; the kernel takes any.
    const lock = options.changes === true ? (this.#lockDescriptor() as 3 | undefined) : undefined;
    const owner = this.#owner();
    const { input } = options;
    const inputFile = isInputFile(input) ? await open(input.file, 'r').catch(asError) : null;
    if (inputFile instanceof Error) return this.#notBegun(argv, startedAt, `input: ${inputFile.message}`);
    const stdin = inputFile === null ? (input === undefined ? 'ignore' : 'pipe') : (inputFile.fd as 3);
    const settings: Options = {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...options.env, ...(owner === undefined ? {} : { [ownerVariable]: owner }) },
      stdio: lock === undefined ? [stdin, 'pipe', 'pipe'] : [stdin, 'pipe', 'pipe', lock],
      buffer: false,
      encoding: 'buffer',
      reject: false,
      timeout: Math.max(1, Math.round(options.timeout)),
      killDescendants: true,
      forceKillAfterDelay: 5000,
      ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    };
    const subprocess = execa(file, args, settings);
    // The command has its own by now. Nothing is awaited here: what it prints must find its readers.
    const closed = inputFile?.close();

    const tail = new Tail();
    const stdout = new Collector('stdout', options, tail);
    const stderr = new Collector('stderr', options, tail);
    if (options.output === undefined) subprocess.stdout?.on('data', (chunk: Buffer) => stdout.take(chunk));
    subprocess.stderr?.on('data', (chunk: Buffer) => stderr.take(chunk));

    const pipes: Promise<unknown>[] = [];
    if (options.output !== undefined && subprocess.stdout) {
      // The writer's end counts too: a full disk stops the command instead of letting it fill a dead pipe.
      pipes.push(
        pipeline(subprocess.stdout, options.output, { end: false }).catch((error: unknown) => {
          tail.take(`output: ${error instanceof Error ? error.message : error}\n`);
          subprocess.kill('SIGKILL');
          throw error;
        }),
      );
    }
    if (input !== undefined && !isInputFile(input) && subprocess.stdin) {
      const source = typeof input === 'string' ? Readable.from([Buffer.from(input)]) : input;
      pipes.push(
        pipeline(source, subprocess.stdin).catch((error: unknown) => {
          // A command that ends before it has read all its input says so by its exit status; any other fault is ours.
          const code = error instanceof Error && 'code' in error ? error.code : undefined;
          if (code === 'EPIPE' || code === 'ERR_STREAM_PREMATURE_CLOSE') return;
          tail.take(`input: ${error instanceof Error ? error.message : error}\n`);
          subprocess.kill('SIGKILL');
          throw error;
        }),
      );
    }

    const settled = Promise.allSettled(pipes);
    const result = await subprocess;
    await closed;
    if (input instanceof Readable) input.destroy();
    const broken = (await settled).some((pipe) => pipe.status === 'rejected');
    stdout.end();
    stderr.end();
    // Those who neither obeyed SIGTERM nor held a stream open are still there.
    if (result.timedOut || result.isCanceled) subprocess.kill('SIGKILL');

    const missing = result.code === 'ENOENT' && result.exitCode === undefined;
    if (missing) tail.take(`${file}: not found${options.cwd === undefined ? '' : ` (in ${options.cwd})`}\n`);
    else if (result.code !== undefined) tail.take(`${file}: ${result.code}\n`);
    return {
      outcome: outcomeOf({ ...result, broken, missing }),
      exitCode: result.exitCode ?? null,
      stdout: stdout.text,
      stderr: stderr.text,
      tail: this.#redactor.redact(tail.text).slice(-tailLength).trimEnd(),
      command: this.#printable(argv),
      startedAt,
      durationMs: performance.now() - begin,
    };
  }

  #notBegun(argv: readonly string[], startedAt: Date, why: string): ExecResult {
    const nothing = { exitCode: null, stdout: '', stderr: '', startedAt, durationMs: 0 };
    return { ...nothing, outcome: 'failed', tail: this.#redactor.redact(why), command: this.#printable(argv) };
  }

  #printable(argv: readonly string[]): string {
    // Once by words too: quotes change how a secret looks.
    return this.#redactor.redact(printable(argv.map((word) => this.#redactor.redact(word))));
  }
}

function isInputFile(input: ExecOptions['input']): input is InputFile {
  return typeof input === 'object' && 'file' in input;
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

function outcomeOf(seen: {
  failed: boolean;
  timedOut: boolean;
  isCanceled: boolean;
  broken: boolean;
  missing: boolean;
}): ExecResult['outcome'] {
  if (seen.missing) return 'not-found';
  if (seen.timedOut) return 'timeout';
  if (seen.isCanceled) return 'cancelled';
  return seen.failed || seen.broken ? 'failed' : 'success';
}

class Tail {
  #text = '';
  #cut = false;

  take(more: string): void {
    // Twice the length, so that a secret cut at the edge is still whole when it is redacted.
    const text = this.#text + more;
    this.#cut ||= text.length > 2 * tailLength;
    this.#text = text.slice(-2 * tailLength);
  }

  /** Begins with a whole line: where secrets are much of the output, redaction brings its torn beginning into view. */
  get text(): string {
    return this.#cut ? this.#text.slice(this.#text.indexOf('\n') + 1) : this.#text;
  }
}

/** Collects one stream as text, line by line, without ever holding more than its bound. */
class Collector {
  text = '';
  #open = '';
  readonly #decoder = new StringDecoder('utf8');
  readonly #stream: 'stdout' | 'stderr';
  readonly #options: ExecOptions;
  readonly #tail: Tail;

  constructor(stream: 'stdout' | 'stderr', options: ExecOptions, tail: Tail) {
    this.#stream = stream;
    this.#options = options;
    this.#tail = tail;
  }

  take(chunk: Buffer): void {
    this.#takeText(this.#decoder.write(chunk));
  }

  #takeText(text: string): void {
    if (this.text.length < mostCollected) this.text += text;
    this.#tail.take(text);
    if (this.#options.onLine === undefined) return;
    // Only what is new is searched: a line that comes in a thousand chunks is not read a thousand times.
    const [first = '', ...more] = text.split('\n');
    const lines = [this.#open + first, ...more];
    this.#open = lines.pop() ?? '';
    if (this.#open.length > 2 * longestLine) this.#open = this.#open.slice(-longestLine);
    for (const line of lines) this.#emit(line);
  }

  end(): void {
    this.#takeText(this.#decoder.end());
    if (this.#open !== '') this.#emit(this.#open);
    this.#open = '';
  }

  /** A progress bar redraws its line by carriage returns: only its last state is a line. */
  #emit(line: string): void {
    const drawn = line.replace(/\r+$/, '');
    this.#options.onLine?.(drawn.slice(drawn.lastIndexOf('\r') + 1), this.#stream);
  }
}
