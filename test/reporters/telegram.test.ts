import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { type TelegramOptions, TelegramReporter } from '../../src/reporters/telegram.ts';
import { critical, gateFailed, report, reports, smokeRolledBack, stage, successful } from '../support/reports.ts';
import { cantParse, TelegramServer, tooMany } from '../support/telegram-server.ts';

let server: TelegramServer;
beforeEach(async () => {
  server = await TelegramServer.start();
});
afterEach(async () => {
  await server.close();
  expect(server.violations).toEqual([]);
});

function reporterOf(changes: Partial<TelegramOptions> = {}): TelegramReporter {
  return new TelegramReporter({
    token: TelegramServer.token,
    chat: '-1001234567890',
    thread: null,
    apiUrl: server.url,
    notify: 'always',
    ...changes,
  });
}

const never = new AbortController().signal;

function begin(reporter: TelegramReporter): void {
  reporter.event({ type: 'started', report: report({ stages: [stage(['preflight', 0, 0, 'running'])] }) });
}

function finish(reporter: TelegramReporter, value: Report, signal = never): Promise<void> {
  reporter.event({ type: 'finished', report: value });
  return reporter.close(signal);
}

const chat = () => [...server.messages.values()];
const methods = () => server.calls.map(({ method }) => method);

describe('the Telegram reporter', () => {
  it('turns the one message that it sent at the start into the final text', async () => {
    const reporter = reporterOf();
    begin(reporter);
    await vi.waitFor(() => expect(chat()[0]).toContain('🚀 Deployment of mundus'));
    await finish(reporter, successful);
    expect(methods()).toEqual(['sendMessage', 'editMessageText']);
    expect(chat()).toHaveLength(1);
    expect(chat()[0]).toContain('✅ DEPLOYMENT SUCCESSFUL ✅');
  });

  it('leaves no connection that keeps the process from ending', async () => {
    await finish(reporterOf(), successful);
    await vi.waitFor(async () => expect(await server.connections()).toBe(0));
  });

  it('follows the stages with at most about one edit a second, and the last state wins', async () => {
    const reporter = reporterOf();
    begin(reporter);
    for (let index = 0; index < 15; index += 1) {
      const running = stage([`stage-${index}`, 0, 0, 'running']);
      reporter.event({ type: 'stage-started', stage: running, report: report({ stages: [running] }) });
      await sleep(100);
    }
    await vi.waitFor(() => expect(chat()[0]).toContain('stage-14'), { timeout: 4000 });
    const times = server.calls.map(({ at }) => at);
    expect(server.calls.length).toBeLessThanOrEqual(4);
    for (const [index, at] of times.entries()) expect(at - (times[index - 1] ?? 0)).toBeGreaterThan(900);
    await finish(reporter, successful);
  });

  it.each([
    ['❌ DEPLOYMENT FAILED ❌', gateFailed],
    ['⚠️ WARNING ⚠️', smokeRolledBack],
    ['🚨 CRITICAL 🚨', critical],
  ])('says %s in a message of its own, and in the one that it kept up to date', async (title, value) => {
    const reporter = reporterOf();
    begin(reporter);
    await vi.waitFor(() => expect(chat()).toHaveLength(1));
    await finish(reporter, value);
    expect(methods()).toEqual(['sendMessage', 'sendMessage', 'editMessageText']);
    const [progress, final] = chat();
    expect(progress).toContain(title);
    expect(progress).toContain('✅ preflight');
    expect(final).toContain(title);
    expect(final).toContain(value.error?.message.replaceAll('`', ''));
  });

  it('sends nothing at all with notify: never', async () => {
    const reporter = reporterOf({ notify: 'never' });
    begin(reporter);
    await finish(reporter, critical);
    expect(server.calls).toEqual([]);
  });

  it('sends nothing on success and one message on failure with notify: failure', async () => {
    const good = reporterOf({ notify: 'failure' });
    begin(good);
    await finish(good, successful);
    expect(server.calls).toEqual([]);
    const bad = reporterOf({ notify: 'failure' });
    begin(bad);
    await finish(bad, gateFailed);
    expect(methods()).toEqual(['sendMessage']);
  });

  it('writes into the topic, to a number or a name, without a preview of links', async () => {
    await finish(reporterOf({ thread: 42 }), successful);
    await finish(reporterOf({ chat: '@deployments' }), successful);
    expect(server.calls[0]?.body).toMatchObject({
      chat_id: -1001234567890,
      message_thread_id: 42,
      link_preview_options: { is_disabled: true },
    });
    expect(server.calls[1]?.body.chat_id).toBe('@deployments');
  });

  it('sends every report as Telegram reads it', async () => {
    for (const value of Object.values(reports)) await finish(reporterOf(), value);
    expect(server.messages.size).toBe(Object.keys(reports).length);
  });

  it('sends the text plain when Telegram cannot parse it', async () => {
    server.answer(cantParse);
    await finish(reporterOf(), gateFailed);
    expect(server.calls[1]?.body).not.toHaveProperty('parse_mode');
    expect(chat()[0]).toContain('❌ DEPLOYMENT FAILED ❌');
  });

  it('waits as long as a 429 asks', async () => {
    server.answer(tooMany(1));
    await finish(reporterOf(), gateFailed);
    expect(chat()).toHaveLength(1);
    expect((server.calls[1]?.at ?? 0) - (server.calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('gives up at once with a warning when a 429 asks for more time than there is', async () => {
    server.answer(tooMany(60));
    const begun = Date.now();
    await expect(finish(reporterOf(), gateFailed)).rejects.toThrow('not delivered: Too Many Requests: retry after 60');
    expect(Date.now() - begun).toBeLessThan(1000);
    expect(server.calls).toHaveLength(1);
  });

  it('holds the progress back as long as a 429 asks, and not the final message', async () => {
    server.answer(tooMany(30));
    const reporter = reporterOf();
    begin(reporter);
    await vi.waitFor(() => expect(server.calls).toHaveLength(1));
    const begun = Date.now();
    await finish(reporter, successful);
    expect(Date.now() - begun).toBeLessThan(2000);
    expect(methods()).toEqual(['sendMessage', 'sendMessage']);
    expect(chat()[0]).toContain('✅ DEPLOYMENT SUCCESSFUL ✅');
  });

  it('tries again after server errors, a proxy error page and lost connections', async () => {
    server.answer({ code: 500, description: 'Internal Server Error' }, 'reset', 'html');
    await finish(reporterOf(), gateFailed);
    expect(chat()).toHaveLength(1);
  });

  it('is content when the message already says it', async () => {
    server.answer('ok', 'lost');
    const reporter = reporterOf();
    begin(reporter);
    await vi.waitFor(() => expect(chat()).toHaveLength(1));
    await finish(reporter, successful);
    expect(methods()).toEqual(['sendMessage', 'editMessageText', 'editMessageText']);
    expect(chat()[0]).toContain('✅ DEPLOYMENT SUCCESSFUL ✅');
  });

  it('sends a new message when somebody has deleted the one to edit', async () => {
    const reporter = reporterOf();
    begin(reporter);
    await vi.waitFor(() => expect(chat()).toHaveLength(1));
    server.messages.clear();
    await finish(reporter, successful);
    expect(methods()).toEqual(['sendMessage', 'editMessageText', 'sendMessage']);
    expect(chat()[0]).toContain('✅ DEPLOYMENT SUCCESSFUL ✅');
  });

  it('follows a group that became a supergroup, and says what to change', async () => {
    server.answer({
      code: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: -100987 },
    });
    await expect(finish(reporterOf({ chat: '-987' }), gateFailed)).rejects.toThrow('supergroup -100987');
    expect(server.calls[1]?.body.chat_id).toBe(-100987);
    expect(chat()).toHaveLength(1);
  });

  it('does not try again where the answer will not change, and says it without the token', async () => {
    server.answer({ code: 403, description: `Forbidden: bot ${TelegramServer.token} was blocked by the user` });
    const failure = finish(reporterOf(), gateFailed);
    await expect(failure).rejects.toThrow('Forbidden: bot *** was blocked by the user');
    expect(server.calls).toHaveLength(1);
  });

  it('ends with a warning without the token when nothing listens', async () => {
    const reporter = reporterOf({ apiUrl: 'http://127.0.0.1:1' });
    begin(reporter);
    const failure: unknown = await finish(reporter, critical, AbortSignal.timeout(700)).catch(
      (error: unknown) => error,
    );
    expect(String(failure)).toContain('not delivered');
    expect(String(failure)).not.toContain(TelegramServer.token);
  });

  it('ends as soon as the signal aborts while the server hangs', async () => {
    server.answer('hang', 'hang', 'hang');
    const reporter = reporterOf();
    begin(reporter);
    const begun = Date.now();
    await expect(finish(reporter, critical, AbortSignal.timeout(300))).rejects.toThrow('not delivered');
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  it('ends within 10 s by itself while the server hangs', async () => {
    server.answer(...Array.from({ length: 20 }, () => 'hang' as const));
    const reporter = reporterOf();
    begin(reporter);
    const begun = Date.now();
    await expect(finish(reporter, critical)).rejects.toThrow('not delivered');
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 15_000);
});
