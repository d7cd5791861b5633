import { STATUS_CODES } from 'node:http';
import type { HttpCheck } from '../request/schema.ts';
import { type Attempt, failed, firstBytes, passed } from './attempt.ts';

/** What a server said to one GET; redirects are not followed. */
export interface HttpAnswer {
  readonly kind: 'answer';
  readonly status: number;
  /** Where it redirects to. */
  readonly location: string | null;
  /** At most the first 64 KiB; `null` when the client that asked does not show it. */
  readonly body: string | null;
  /** There was more. */
  readonly cut: boolean;
  /** From before the connection to the end of what was read. */
  readonly durationMs: number;
}

/** Bytes of a body that are read at most. */
export const mostRead = 64 * 1024;

/** Whether the answer is what the check wants: its status, then its body, then its time. */
export function judgeAnswer(answer: HttpAnswer, check: Pick<HttpCheck, 'status' | 'body' | 'under'>): Attempt {
  const line = statusLine(answer.status);
  const withBody = (what: string) => {
    const body = answer.body === null ? '' : firstBytes(answer.body);
    return failed(body === '' ? what : `${what}\n${body}`);
  };
  if (answer.status !== check.status) {
    const redirect = answer.location === null ? '' : `, it redirects to ${firstBytes(answer.location)}`;
    return withBody(`${line} (expected ${check.status})${redirect}`);
  }
  if (check.body !== undefined && !(answer.body ?? '').includes(check.body)) {
    if (answer.body === null) return failed(`${line}, but the wget of this container does not show its body`);
    const searched = answer.cut ? `the first ${mostRead / 1024} KiB of its body do` : 'its body does';
    return withBody(`${line}, but ${searched} not contain \`${check.body}\``);
  }
  if (check.under !== undefined && answer.durationMs >= check.under) {
    return failed(`${line} after ${Math.round(answer.durationMs)} ms, the limit is ${check.under} ms`);
  }
  return passed;
}

function statusLine(status: number): string {
  const name = STATUS_CODES[status];
  return name === undefined ? `${status}` : `${status} ${name}`;
}
