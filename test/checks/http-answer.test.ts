import { describe, expect, it } from 'vitest';
import { type HttpAnswer, judgeAnswer } from '../../src/checks/http-answer.ts';

const good: HttpAnswer = {
  kind: 'answer',
  status: 200,
  location: null,
  body: '{"status":"ok"}',
  cut: false,
  durationMs: 12,
};

describe('judging an answer', () => {
  it.each([
    ['the status', good, { status: 200 }],
    ['a status other than 200 that is asked for', { ...good, status: 404 }, { status: 404 }],
    ['a redirect that is asked for', { ...good, status: 301, location: '/x' }, { status: 301 }],
    ['its body', good, { status: 200, body: '"ok"' }],
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
      { ...good, status: 302, location: '/login', body: '' },
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
