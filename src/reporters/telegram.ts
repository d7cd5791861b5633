import { setTimeout as sleep } from 'node:timers/promises';
import type { Report } from '../deployment/report.ts';
import type { DeploymentEvent, Reporter } from './reporter.ts';
import { type TelegramAnswer, TelegramApi } from './telegram-api.ts';
import { finalMessage, progressMessage, type TelegramMessage } from './telegram-message.ts';

export interface TelegramOptions {
  readonly token: string;
  /** `-1001234567890` or `@channel`. */
  readonly chat: string;
  /** The topic in the chat. */
  readonly thread: number | null;
  readonly apiUrl: string;
  /** `failure`: one message when it didn't go well, else nothing. */
  readonly notify: 'always' | 'failure' | 'never';
}

/** Milliseconds. */
const times = {
  /** Between two edits of the progress: chats allow about one a second. */
  pace: 1000,
  progressRequest: 8000,
  finalRequest: 4000,
  /** What a request under way has left once the deployment is over. */
  settle: 2500,
  /** For all of `close`, below the 10 s that reporters have. */
  close: 9000,
} as const;

const finalAttempts = 6;

type Delivery =
  | { readonly delivered: true; readonly messageId: number | null }
  | { readonly delivered: false; readonly answer: TelegramAnswer };

/**
 * One message that is edited as stages pass. At the end it becomes the final text; when it didn't go well, the final text
 * is a message of its own, because an edit notifies nobody. `close` rejects with what could not be delivered and why.
 */
export class TelegramReporter implements Reporter {
  readonly name = 'Telegram';
  readonly #options: TelegramOptions;
  readonly #api: TelegramApi;
  #chat: string | number;
  #messageId: number | null = null;
  #latest: TelegramMessage | null = null;
  #final: Report | null = null;
  #progress: Promise<void> | null = null;
  /** The server will never take the progress message: wrong chat, no rights. */
  #progressRefused = false;
  readonly #over = new AbortController();
  readonly #stopRequests = new AbortController();
  readonly #problems: string[] = [];

  constructor(options: TelegramOptions) {
    this.#options = options;
    this.#api = new TelegramApi(options.apiUrl, options.token);
    this.#chat = /^-?\d{1,15}$/.test(options.chat) ? Number(options.chat) : options.chat;
  }

  event(event: DeploymentEvent): void {
    if (event.type === 'finished') this.#final = event.report;
    else if (event.type === 'started' || event.type === 'stage-started' || event.type === 'stage-finished') {
      if (this.#options.notify !== 'always') return;
      this.#latest = progressMessage(event.report, false);
      this.#progress ??= this.#showProgress();
    }
  }

  /** Ends within 9 s, and at once when `signal` aborts. */
  async close(signal: AbortSignal): Promise<void> {
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), times.close);
    const until = AbortSignal.any([signal, deadline.signal]);
    try {
      await this.#settle(until);
      if (this.#final) await this.#tell(this.#final, until);
    } finally {
      clearTimeout(timer);
      await this.#api.destroy();
    }
    if (this.#problems.length > 0) throw new Error([...new Set(this.#problems)].join('; '));
  }

  /** Shows the latest state until it is shown; states in between are skipped. */
  async #showProgress(): Promise<void> {
    let shown: string | null = null;
    let failures = 0;
    while (!this.#over.signal.aborted && !this.#progressRefused && this.#latest?.html !== shown) {
      const message: TelegramMessage | null = this.#latest;
      if (!message) break;
      const answer = await this.#show(message, times.progressRequest, this.#stopRequests.signal);
      let pause: number = times.pace;
      if (answer.kind === 'ok') {
        this.#messageId ??= answer.messageId;
        shown = message.html;
        failures = 0;
      } else if (answer.kind === 'refused' && answer.code < 500 && answer.code !== 429) {
        this.#progressRefused = true;
        this.#problems.push(`the progress message was refused: ${answer.description}`);
      } else {
        failures += 1;
        const asked = answer.kind === 'refused' ? (answer.retryAfter ?? 0) * 1000 : 0;
        pause = Math.max(asked, Math.min(times.pace * 2 ** failures, 30_000));
      }
      await pauseFor(pause, this.#over.signal);
    }
    // Here and not in a `finally` of the promise: an event in between would start nothing.
    this.#progress = null;
  }

  /** Lets the request under way end, for its message's ID and so that it can't come after the final one. */
  async #settle(until: AbortSignal): Promise<void> {
    this.#over.abort();
    if (!this.#progress) return;
    const patience = new AbortController();
    await Promise.race([this.#progress, pauseFor(times.settle, AbortSignal.any([until, patience.signal]))]);
    patience.abort();
    this.#stopRequests.abort();
    await this.#progress;
  }

  async #tell(report: Report, until: AbortSignal): Promise<void> {
    const { notify } = this.#options;
    const good = report.status === 'success';
    if (notify === 'never' || (notify === 'failure' && good)) return;
    const final = finalMessage(report);
    if (good) {
      this.#note(await this.#deliver(final, this.#messageId, until));
      return;
    }
    // The one that notifies goes first: time may be short.
    const sent = await this.#deliver(final, null, until);
    this.#note(sent);
    const reachable = sent.delivered || sent.answer.kind === 'refused';
    if (this.#messageId !== null && reachable) {
      this.#note(await this.#deliver(progressMessage(report, true), this.#messageId, until));
    }
  }

  #note(delivery: Delivery): void {
    if (delivery.delivered) return;
    const { answer } = delivery;
    const why = answer.kind === 'ok' ? 'no time was left' : answer.description;
    this.#problems.push(`a message was not delivered: ${why}`);
  }

  /** Edits the message `messageId`, or sends a new one for `null`; again as the server asks, until it is there or `until`. */
  async #deliver(message: TelegramMessage, messageId: number | null, until: AbortSignal): Promise<Delivery> {
    const begin = Date.now();
    let target = messageId;
    let answer: TelegramAnswer = { kind: 'unreachable', description: 'no time was left' };
    for (let attempt = 1; attempt <= finalAttempts && !until.aborted; attempt += 1) {
      answer = await this.#put(message, target, times.finalRequest, until);
      if (answer.kind === 'ok') return { delivered: true, messageId: answer.messageId };
      let pause = 300 * 2 ** (attempt - 1);
      if (answer.kind === 'refused' && answer.code === 429) {
        pause = Math.max(pause, (answer.retryAfter ?? 0) * 1000);
        if (Date.now() - begin + pause > times.close) break;
      } else if (answer.kind === 'refused' && answer.code < 500) {
        if (
          target === null ||
          !/message to edit not found|message can't be edited|MESSAGE_ID_INVALID/i.test(answer.description)
        )
          break;
        // Somebody has deleted it.
        target = null;
        continue;
      }
      if (attempt < finalAttempts) await pauseFor(pause, until);
    }
    return { delivered: false, answer };
  }

  #show(message: TelegramMessage, timeout: number, signal: AbortSignal): Promise<TelegramAnswer> {
    return this.#put(message, this.#messageId, timeout, signal);
  }

  /** One try, and another one at once where the refusal says how. */
  async #put(
    message: TelegramMessage,
    messageId: number | null,
    timeout: number,
    signal: AbortSignal,
  ): Promise<TelegramAnswer> {
    const put = (format: Readonly<Record<string, unknown>>) =>
      this.#api.call(
        messageId === null ? 'sendMessage' : 'editMessageText',
        {
          chat_id: this.#chat,
          ...(messageId !== null && { message_id: messageId }),
          ...(messageId === null && this.#options.thread !== null && { message_thread_id: this.#options.thread }),
          link_preview_options: { is_disabled: true },
          ...format,
        },
        { timeout, signal },
      );
    const html = { text: message.html, parse_mode: 'HTML' };
    let answer = await put(html);
    if (answer.kind === 'refused' && answer.migratedTo !== null) {
      this.#chat = answer.migratedTo;
      this.#problems.push(`the chat has become the supergroup ${answer.migratedTo}: change \`telegram-chat\``);
      answer = await put(html);
    }
    if (answer.kind === 'refused' && /can't parse entities/i.test(answer.description)) {
      answer = await put({ text: message.plain });
    }
    if (answer.kind === 'refused' && /message is not modified/i.test(answer.description)) {
      return { kind: 'ok', messageId };
    }
    return answer;
  }
}

async function pauseFor(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => undefined);
}
