import { describe, expect, it } from 'vitest';
import { readAnswer } from '../../src/checks/ask-inside.ts';

describe('what a client inside a container prints', () => {
  it('is the answer as it came, with the time by its own clock', () => {
    const stdout = 'HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\nall\r\n\r\ngood';
    expect(readAnswer(stdout, 'homeport-client curl\nhomeport-seconds 0.0213\n', 900)).toEqual({
      kind: 'answer',
      status: 200,
      headers: new Map([['content-type', ['text/plain']]]),
      body: 'all\r\n\r\ngood',
      cut: false,
      durationMs: 21.3,
    });
  });

  it('tells where it redirects to', () => {
    const stdout = 'HTTP/1.1 302 Found\r\nLocation: /login\r\nServer: x\r\n\r\n';
    expect(readAnswer(stdout, 'homeport-client node\n', 5)).toMatchObject({
      status: 302,
      headers: new Map([
        ['location', ['/login']],
        ['server', ['x']],
      ]),
      durationMs: 5,
    });
  });

  it('does not take early hints for the answer, nor a header in the body', () => {
    const stdout = 'HTTP/1.1 103 Early Hints\r\nlink: </a.css>\r\n\r\nHTTP/1.1 204 No Content\r\n\r\nLocation: /x';
    expect(readAnswer(stdout, 'homeport-client curl\n', 5)).toMatchObject({
      status: 204,
      headers: new Map(),
    });
  });

  it("has the heads of GNU's wget on standard error, and the time by the kernel's clock", () => {
    const stderr =
      'homeport-client gnu-wget\n  HTTP/1.1 503 Service Unavailable\n  Location: /y\n  Date: now\nhomeport-uptime 10.25 10.75\n';
    expect(readAnswer('down', stderr, 900)).toMatchObject({
      status: 503,
      headers: new Map([
        ['location', ['/y']],
        ['date', ['now']],
      ]),
      body: 'down',
      durationMs: 500,
    });
  });

  it("is for BusyBox's wget the first of the redirects that it followed, without the body of another page", () => {
    const stderr = 'homeport-client wget\n  HTTP/1.1 302 Found\n  Location: /login\n  \n  HTTP/1.1 200 OK\n';
    expect(readAnswer('<form>', stderr, 900)).toMatchObject({
      status: 302,
      headers: new Map([['location', ['/login']]]),
      body: null,
    });
  });

  it('is nothing when no answer came', () => {
    expect(readAnswer('', 'homeport-client curl\ncurl: (7) Failed to connect: Connection refused\n', 5)).toBeNull();
  });
});
