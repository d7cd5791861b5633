import { EnvHttpProxyAgent, request } from 'undici';
import { z } from 'zod';
import { messageOf } from '../deployment/error.ts';

export type TelegramAnswer =
  | { readonly kind: 'ok'; readonly messageId: number | null }
  /** The server said no; `retryAfter` in seconds. `migratedTo`: the group has become a supergroup with this ID. */
  | {
      readonly kind: 'refused';
      readonly code: number;
      readonly description: string;
      readonly retryAfter: number | null;
      readonly migratedTo: number | null;
    }
  | { readonly kind: 'unreachable'; readonly description: string };

const okSchema = z.object({
  ok: z.literal(true),
  // `editMessageText` answers `true` for inline messages, `getMe` who the bot is.
  result: z.union([
    z.object({ message_id: z.number() }),
    z.object({ id: z.number(), is_bot: z.literal(true) }),
    z.literal(true),
  ]),
});
const refusalSchema = z.object({
  ok: z.literal(false),
  error_code: z.number(),
  description: z.string(),
  parameters: z
    .object({ retry_after: z.number().nonnegative().optional(), migrate_to_chat_id: z.number().optional() })
    .optional(),
});
const answerSchema = z.union([okSchema, refusalSchema]);

/** The Bot API over connections of its own (through the proxy of the environment, if any). No text of it holds the token. */
export class TelegramApi {
  readonly #base: string;
  readonly #token: string;
  // Idle connections are ended by `destroy`: none keeps the process from ending.
  readonly #agent = new EnvHttpProxyAgent({ connect: { timeout: 4000 } });

  constructor(apiUrl: string, token: string) {
    this.#base = apiUrl.replace(/\/+$/, '');
    this.#token = token;
  }

  /** One attempt, at most `timeout` milliseconds. Never rejects. */
  async call(
    method: 'sendMessage' | 'editMessageText' | 'getMe',
    body: Readonly<Record<string, unknown>>,
    options: { readonly timeout: number; readonly signal: AbortSignal },
  ): Promise<TelegramAnswer> {
    const timeout = AbortSignal.timeout(options.timeout);
    try {
      const response = await request(`${this.#base}/bot${this.#token}/${method}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        dispatcher: this.#agent,
        signal: AbortSignal.any([options.signal, timeout]),
      });
      return this.#read(response.statusCode, await response.body.text());
    } catch (error) {
      if (timeout.aborted) return { kind: 'unreachable', description: `no answer within ${options.timeout / 1000} s` };
      if (options.signal.aborted) return { kind: 'unreachable', description: 'no answer in time' };
      return { kind: 'unreachable', description: this.#redact(messageOf(error)) };
    }
  }

  async destroy(): Promise<void> {
    await this.#agent.destroy();
  }

  #read(status: number, text: string): TelegramAnswer {
    const answer = answerSchema.safeParse(parseJson(text));
    if (!answer.success) {
      // A proxy's error page, say.
      return {
        kind: 'refused',
        code: status,
        description: `HTTP ${status} with an answer that is not the Bot API's`,
        retryAfter: null,
        migratedTo: null,
      };
    }
    if (answer.data.ok) {
      const { result } = answer.data;
      return { kind: 'ok', messageId: result !== true && 'message_id' in result ? result.message_id : null };
    }
    const { error_code, description, parameters } = answer.data;
    return {
      kind: 'refused',
      code: error_code,
      description: this.#redact(description),
      retryAfter: parameters?.retry_after ?? null,
      migratedTo: parameters?.migrate_to_chat_id ?? null,
    };
  }

  #redact(text: string): string {
    return text.replaceAll(this.#token, '***').replaceAll(encodeURIComponent(this.#token), '***');
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
