import { STATUS_CODES } from 'node:http';
import { tryParseJson } from '../request/parse-json.ts';
import { readPattern } from '../request/pattern.ts';
import type { HttpCheck } from '../request/schema.ts';
import { type Attempt, failed, firstBytes, passed } from './attempt.ts';
import { jsonMismatch } from './json-match.ts';
import { isAll, isIn } from './matching.ts';

/** What a server said to one GET. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** By their names in lower case; one that came several times has several values. */
  readonly headers: ReadonlyMap<string, readonly string[]>;
  /** At most the first 64 KiB; `null` when the client that asked does not show it. */
  readonly body: string | null;
  /** There was more. */
  readonly cut: boolean;
  /** From before the connection to the end of what was read. */
  readonly durationMs: number;
}

/** Bytes of a body that are read at most. */
export const mostRead = 64 * 1024;

export type Expected = Pick<HttpCheck, 'status' | 'redirects' | 'header' | 'body' | 'json' | 'under'>;

/** Where the answer redirects to; `null` when it doesn't say. */
export function locationOf(answer: HttpAnswer): string | null {
  return answer.headers.get('location')?.[0] ?? null;
}

/** Whether the answer is what the check wants: its status, then its headers, its body, its time. */
export function judgeAnswer(answer: HttpAnswer, check: Expected): Attempt {
  const line = statusLine(answer.status);
  const status = check.status ?? (typeof check.redirects === 'number' ? check.redirects : 200);
  if (answer.status !== status) {
    const location = locationOf(answer);
    const redirect = location === null ? '' : `, it redirects to ${firstBytes(location)}`;
    return withBody(answer, `${line} (expected ${status})${redirect}`);
  }
  const wrongHeader = headerMismatch(answer, check.header ?? {});
  if (wrongHeader !== null) return failed(`${line}, but ${wrongHeader}`);
  if (answer.body === null && (check.body !== undefined || check.json !== undefined)) {
    return failed(`${line}, but the wget of this container does not show its body`);
  }
  if (check.body !== undefined && !isIn(readPattern(check.body), answer.body ?? '')) {
    const searched = answer.cut ? `the first ${mostRead / 1024} KiB of its body do` : 'its body does';
    return withBody(answer, `${line}, but ${searched} not contain \`${check.body}\``);
  }
  const wrongJson = check.json === undefined ? null : bodyMismatch(answer, check.json);
  if (wrongJson !== null) return withBody(answer, `${line}, but ${wrongJson}`);
  if (check.under !== undefined && answer.durationMs >= check.under) {
    return failed(`${line} after ${Math.round(answer.durationMs)} ms, the limit is ${check.under} ms`);
  }
  return passed;
}

function withBody(answer: HttpAnswer, what: string): Attempt {
  const body = answer.body === null ? '' : firstBytes(answer.body);
  return failed(body === '' ? what : `${what}\n${body}`);
}

function headerMismatch(answer: HttpAnswer, expected: Readonly<Record<string, string>>): string | null {
  for (const [name, written] of Object.entries(expected)) {
    const values = answer.headers.get(name.toLowerCase());
    if (values === undefined) return `it has no header \`${name}\``;
    const wanted = readPattern(written);
    if (values.some((value) => isAll(wanted, value))) continue;
    const told = wanted.kind === 'text' ? 'is not' : 'does not match';
    return `its header \`${name}\` ${told} \`${written}\`: ${firstBytes(values.join(', '))}`;
  }
  return null;
}

function bodyMismatch(answer: HttpAnswer, expected: Readonly<Record<string, unknown>>): string | null {
  if (answer.cut)
    return `its body is longer than the ${mostRead / 1024} KiB that are read, so that it is no whole JSON`;
  const parsed = tryParseJson(answer.body ?? '');
  if (parsed === undefined) return 'its body is not JSON';
  const mismatch = jsonMismatch(parsed, expected);
  return mismatch === null ? null : `in its JSON ${mismatch}`;
}

function statusLine(status: number): string {
  const name = STATUS_CODES[status];
  return name === undefined ? `${status}` : `${status} ${name}`;
}
