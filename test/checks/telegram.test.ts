import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runChecks } from '../../src/checks/run-checks.ts';
import { TelegramServer } from '../support/telegram-server.ts';
import { contextOf, freePort, quick } from './support.ts';

let server: TelegramServer;

beforeEach(async () => {
  server = await TelegramServer.start();
});
afterEach(async () => {
  expect(server.violations).toEqual([]);
  await server.close();
});

async function ask(more: object = {}, bot = { apiUrl: server.url, token: TelegramServer.token }) {
  const [result] = await runChecks([{ telegram: true, ...quick, ...more }], contextOf({ bot }));
  if (result === undefined) throw new Error('no result');
  return result;
}

describe('a telegram check', () => {
  it('passes when the bot answers getMe', async () => {
    expect(await ask()).toMatchObject({ ok: true, title: 'telegram getMe', service: null });
    expect(server.calls.map(({ method }) => method)).toEqual(['getMe']);
  });

  it('asks again when the server has too much to do', async () => {
    server.answer({ code: 429, description: 'Too Many Requests: retry after 1' }, 'html', 'reset');
    expect(await ask({ retries: 3 })).toMatchObject({ ok: true, attempts: 4 });
  });

  it('does not ask again with a token that is refused, and does not show it', async () => {
    server.answer({ code: 401, description: 'Unauthorized' });
    const result = await ask({ retries: 3 });
    expect(result).toMatchObject({ ok: false, attempts: 1 });
    expect(result.seen).toBe("Telegram's API answered 401: Unauthorized: `telegram-token` is no bot's");
  });

  it('says that the server hangs, or is not there', async () => {
    server.answer('hang');
    expect((await ask({ timeout: 200 })).seen).toBe("Telegram's API can't be reached: no answer within 0.2 s");
    const apiUrl = `http://127.0.0.1:${await freePort()}`;
    const { seen } = await ask({}, { apiUrl, token: TelegramServer.token });
    expect(seen).toContain("Telegram's API can't be reached: ");
    expect(seen).not.toContain(TelegramServer.token);
  });

  it('passes, and says so, where a rollback is given no token', async () => {
    const context = contextOf();
    expect(await runChecks([{ telegram: true, ...quick }], context)).toMatchObject([{ ok: true }]);
    expect(context.said[0]).toContain('no `telegram-token`');
  });
});
