import { describe, expect, it } from 'vitest';
import { type HttpAnswer, judgeAnswer } from '../../src/checks/http-answer.ts';

const good: HttpAnswer = {
  kind: 'answer',
  status: 200,
  headers: new Map(),
  body: '{"status":"ok"}',
  cut: false,
  durationMs: 12,
};

function location(to: string): HttpAnswer['headers'] {
  return new Map([['location', [to]]]);
}

describe('judging an answer', () => {
  it.each([
    ['the status', good, { status: 200 }],
    ['a status other than 200 that is asked for', { ...good, status: 404 }, { status: 404 }],
    ['a redirect that is asked for', { ...good, status: 301, headers: location('/x') }, { status: 301 }],
    ['a status of 200 where none is told', good, {}],
    ['a redirect that `redirects` tells', { ...good, status: 301 }, { redirects: 301 }],
    ['its body', good, { status: 200, body: '"ok"' }],
    ['a body that an expression matches', { ...good, body: 'Version 2.13\n' }, { body: '/^version \\d+\\.\\d+$/i' }],
    ['a path in the body, which is no expression', { ...good, body: 'see /api/v1' }, { body: '/api/v1' }],
    ['its JSON', good, { json: { status: 'ok' } }],
    ['a header', { ...good, headers: new Map([['x-a', ['1', '2']]]) }, { header: { 'X-A': '2' } }],
    ['its time', good, { status: 200, under: 500 }],
  ])('is content with %s', (_what, answer, check) => {
    expect(judgeAnswer(answer, check)).toEqual({ ok: true, seen: '' });
  });

  it.each([
    [
      'another status, with what the body says',
      { ...good, status: 503, body: 'database is down' },
      { status: 200 },
      '503 Service Unavailable (expected 200)\ndatabase is down',
    ],
    [
      'a redirect, with where it goes',
      { ...good, status: 302, headers: location('/login'), body: '' },
      { status: 200 },
      '302 Found (expected 200), it redirects to /login',
    ],
    ['a status without a name', { ...good, status: 599, body: '' }, { status: 200 }, '599 (expected 200)'],
    [
      'a body without the text',
      { ...good, body: 'starting' },
      { status: 200, body: 'ready' },
      '200 OK, but its body does not contain `ready`\nstarting',
    ],
    [
      'a body of which only the beginning was read',
      { ...good, body: 'x', cut: true },
      { status: 200, body: 'ready' },
      '200 OK, but the first 64 KiB of its body do not contain `ready`\nx',
    ],
    [
      'a body that could not be seen',
      { ...good, status: 404, body: null },
      { status: 404, body: 'gone' },
      '404 Not Found, but the wget of this container does not show its body',
    ],
    [
      'a body that an expression does not match',
      { ...good, body: 'v10' },
      { body: '/^v\\d$/' },
      '200 OK, but its body does not contain `/^v\\d$/`\nv10',
    ],
    ['an answer without the header', good, { header: { etag: '/./' } }, '200 OK, but it has no header `etag`'],
    [
      'a header that does not match',
      { ...good, headers: new Map([['server', ['nginx']]]) },
      { header: { server: '/^Caddy/' } },
      '200 OK, but its header `server` does not match `/^Caddy/`: nginx',
    ],
    [
      'a body that is no JSON',
      { ...good, body: '<html>' },
      { json: { status: 'ok' } },
      '200 OK, but its body is not JSON\n<html>',
    ],
    [
      'JSON of which only the beginning was read',
      { ...good, body: '{"a', cut: true },
      { json: { status: 'ok' } },
      '200 OK, but its body is longer than the 64 KiB that are read, so that it is no whole JSON\n{"a',
    ],
    [
      'JSON that could not be seen',
      { ...good, status: 500, body: null },
      { status: 500, json: { a: 1 } },
      '500 Internal Server Error, but the wget of this container does not show its body',
    ],
    [
      'other JSON',
      good,
      { json: { status: 'down' } },
      '200 OK, but in its JSON `status` is "ok" (expected "down")\n{"status":"ok"}',
    ],
    [
      'a slow answer',
      { ...good, durationMs: 812.4 },
      { status: 200, under: 500 },
      '200 OK after 812 ms, the limit is 500 ms',
    ],
  ])('refuses %s', (_what, answer, check, seen) => {
    expect(judgeAnswer(answer, check)).toEqual({ ok: false, seen });
  });

  it('shows 500 bytes of the body at most, without cutting a character or moving the cursor', () => {
    const { seen } = judgeAnswer(
      { ...good, status: 500, body: `\u001b[2Jé${'ü'.repeat(1000)}\u0007` },
      { status: 200 },
    );
    const body = seen.slice(seen.indexOf('\n') + 1);
    expect(body).toBe(`é${'ü'.repeat(249)}…`);
  });
});
