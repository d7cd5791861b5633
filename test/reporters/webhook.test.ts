import { createHmac } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Report, reportSchema } from '../../src/deployment/report.ts';
import { WebhookReporter } from '../../src/reporters/webhook.ts';
import { selfSignedCertificate } from '../support/certificate.ts';
import { gateFailed, reports, successful } from '../support/reports.ts';
import { type Step, WebService } from '../support/web-service.ts';

const token = 'T024BE7LH-s3cr3t';
let service: WebService;
beforeEach(async () => {
  service = await WebService.start();
});
afterEach(async () => {
  await service.close();
});

const never = new AbortController().signal;

async function post(
  value: Report,
  options: { url?: string; secret?: string; signal?: AbortSignal } = {},
): Promise<void> {
  const reporter = new WebhookReporter({
    url: options.url ?? `${service.url}/hooks/${token}?key=${token}`,
    secret: options.secret ?? null,
  });
  reporter.event({ type: 'started', report: value });
  reporter.event({ type: 'finished', report: value });
  await reporter.close(options.signal ?? never);
}

async function failureOf(promise: Promise<void>): Promise<string> {
  const message = await promise.then(
    () => 'nothing failed',
    (error: unknown) => String(error),
  );
  expect(message).not.toContain(token);
  return message;
}

describe('the webhook', () => {
  it('gets each report as it is, in one POST to the whole address', async () => {
    for (const value of Object.values(reports)) await post(value);
    expect(service.calls).toHaveLength(Object.keys(reports).length);
    for (const [index, value] of Object.values(reports).entries()) {
      const call = service.calls[index];
      expect(call).toMatchObject({ method: 'POST', path: `/hooks/${token}?key=${token}` });
      expect(call?.headers).toMatchObject({
        'content-type': 'application/json',
        'x-homeport-deployment': value.deployment,
      });
      expect(reportSchema.parse(JSON.parse(call?.body ?? ''))).toEqual(JSON.parse(JSON.stringify(value)));
    }
  });

  it('can prove by the signature who sent the body', async () => {
    await post(successful, { secret: 'it is a secret' });
    const { body = '', headers } = service.calls[0] ?? {};
    const expected = createHmac('sha256', 'it is a secret').update(body).digest('hex');
    expect(headers?.['x-homeport-signature-256']).toBe(`sha256=${expected}`);
  });

  it('gets no signature without a secret', async () => {
    await post(successful);
    expect(service.calls[0]?.headers).not.toHaveProperty('x-homeport-signature-256');
  });

  it('gets the report as it was when the deployment ended', async () => {
    const value = structuredClone(successful);
    const reporter = new WebhookReporter({ url: service.url, secret: null });
    reporter.event({ type: 'finished', report: value });
    value.warnings.push('The reporter Telegram failed');
    await reporter.close(never);
    expect(JSON.parse(service.calls[0]?.body ?? '')).toEqual(JSON.parse(JSON.stringify(successful)));
  });

  it('gets the user and the password of its address as basic authorization', async () => {
    await post(successful, { url: service.url.replace('http://', 'http://dana:p%40ss@') });
    const login = Buffer.from('dana:p@ss').toString('base64');
    expect(service.calls[0]?.headers.authorization).toBe(`Basic ${login}`);
  });

  it('leaves no connection that keeps the process from ending', async () => {
    await post(successful);
    await vi.waitFor(async () => expect(await service.connections()).toBe(0));
  });
});

describe('when a web service does not answer as it should, the webhook', () => {
  it.each<[string, Step]>([
    ['500', { status: 500 }],
    ['503', { status: 503 }],
    ['429', { status: 429 }],
    ['a lost connection', 'lost'],
  ])('delivers the same again after %s', async (_, step) => {
    service.answer(step, step);
    await post(successful, { secret: 'x' });
    expect(service.calls).toHaveLength(3);
    const told = service.calls.map(({ body, headers }) => [
      body,
      headers['x-homeport-delivery'],
      headers['x-homeport-signature-256'],
    ]);
    expect(told[1]).toEqual(told[0]);
    expect(told[2]).toEqual(told[0]);
    expect(told[0]?.[1]).toMatch(/^[0-9a-f-]{36}$/);
  });

  it.each([
    ['seconds', () => '1'],
    ['a date', () => new Date(Date.now() + 2000).toUTCString()],
  ])('waits as long as a 429 asks in %s', async (_, header) => {
    service.answer({ status: 429, headers: { 'retry-after': header() } });
    await post(successful);
    expect((service.calls[1]?.at ?? 0) - (service.calls[0]?.at ?? 0)).toBeGreaterThanOrEqual(900);
  });

  it('gives up at once when a 429 asks for more time than there is', async () => {
    service.answer({ status: 429, headers: { 'retry-after': '60' } });
    const begun = Date.now();
    expect(await failureOf(post(successful))).toBe(`Error: ${service.host} answered 429 Too Many Requests`);
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  it('asks once where the answer will not change', async () => {
    service.answer({ status: 404, body: token });
    expect(await failureOf(post(successful))).toBe(`Error: ${service.host} answered 404 Not Found`);
    expect(service.calls).toHaveLength(1);
  });

  it('does not carry the report on to where a redirect leads', async () => {
    const elsewhere = await WebService.start();
    service.answer({ status: 307, headers: { location: `${elsewhere.url}/${token}` } });
    expect(await failureOf(post(successful))).toContain('answered 307 Temporary Redirect, which is not followed');
    expect(elsewhere.calls).toEqual([]);
    await elsewhere.close();
  });

  it('tells nobody anything behind a certificate that nobody has signed, and does not try again', async () => {
    const guarded = await WebService.start(undefined, selfSignedCertificate());
    const begun = Date.now();
    const failure = await failureOf(post(successful, { url: `${guarded.url}/${token}` }));
    expect(failure).toContain(`the TLS certificate of ${guarded.host} is not valid`);
    expect(Date.now() - begun).toBeLessThan(2000);
    expect(guarded.calls).toEqual([]);
    await guarded.close();
  });

  it('ends with a warning when nothing listens', async () => {
    const failure = await failureOf(post(gateFailed, { url: `http://127.0.0.1:1/${token}` }));
    expect(failure).toBe('Error: connection refused: nothing listens on 127.0.0.1:1');
  }, 10_000);

  it('ends with a warning when the name is not known', async () => {
    const url = `http://nowhere.invalid/${token}`;
    expect(await failureOf(post(gateFailed, { url, signal: AbortSignal.timeout(700) }))).toContain('nowhere.invalid');
  });

  it('takes an answer that never ends for the answer that it is', async () => {
    service.answer('endless');
    await post(successful);
    expect(service.calls).toHaveLength(1);
  });

  it('ends as soon as the signal aborts while it hangs', async () => {
    service.answer('hang');
    const begun = Date.now();
    await failureOf(post(successful, { signal: AbortSignal.timeout(300) }));
    expect(Date.now() - begun).toBeLessThan(1000);
  });

  it('ends within 10 s by itself while it hangs', async () => {
    service.answer(...Array.from({ length: 20 }, () => 'hang' as const));
    const begun = Date.now();
    expect(await failureOf(post(successful))).toContain('did not answer');
    expect(Date.now() - begun).toBeLessThan(10_000);
  }, 15_000);
});
