import type { TelegramCheck } from '../request/schema.ts';
import { type Attempt, failed, passed, wrong } from './attempt.ts';
import type { CheckContext } from './check.ts';

/** Whether the bot of this request answers `getMe` (https://core.telegram.org/bots/api#getme). */
export async function tryTelegram(check: TelegramCheck, { bot, signal, say }: CheckContext): Promise<Attempt> {
  if (bot === null) {
    // Recorded with the release that is gone back to: a rollback must not fail for want of a token.
    say('telegram getMe: not asked, because this command was given no `telegram-token`');
    return passed;
  }
  // Loaded only where something is asked: it takes a tenth of a second.
  const { TelegramApi } = await import('../reporters/telegram-api.ts');
  const api = new TelegramApi(bot.apiUrl, bot.token);
  try {
    const answer = await api.call('getMe', {}, { timeout: check.timeout, signal });
    if (answer.kind === 'ok') return passed;
    if (answer.kind === 'unreachable') return failed(`Telegram's API can't be reached: ${answer.description}`);
    const seen = `Telegram's API answered ${answer.code}: ${answer.description}`;
    // 401 is a token that was revoked, 404 one that never was.
    return answer.code === 401 || answer.code === 404 ? wrong(`${seen}: \`telegram-token\` is no bot's`) : failed(seen);
  } finally {
    await api.destroy();
  }
}
