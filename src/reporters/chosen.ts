import type { Request } from '../request/schema.ts';
import type { Reporter } from './reporter.ts';

/** The reporters that a request asks for by itself, beside those of its door. */
export async function chosenReporters(request: Request): Promise<Reporter[]> {
  const token = request['telegram-token'];
  const chat = request['telegram-chat'];
  if (token === undefined || chat === undefined || request.notify === 'never') return [];
  const { TelegramReporter } = await import('./telegram.ts');
  return [
    new TelegramReporter({
      token,
      chat,
      thread: request['telegram-thread'] ?? null,
      apiUrl: request['telegram-api-url'],
      notify: request.notify,
    }),
  ];
}
