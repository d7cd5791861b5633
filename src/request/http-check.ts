import { z } from 'zod';
import { pattern } from './pattern.ts';
import { duration, flag, text, wholeNumber } from './value-types.ts';

const redirectStatuses: readonly number[] = [301, 302, 303, 307, 308];
const redirectsExpected = "`follow`, or the redirect's status: `301`, `302`, `303`, `307` or `308`";
const headerExpected = 'a map such as `{content-type: /json/}`';
const jsonExpected = 'a map such as `{status: ok, checks.database: up}`';

/** What an `http` check asks for, and what it expects of the answer. */
export const httpFields = {
  http: text,
  /** 200 unless told, or that of `redirects`. */
  status: wholeNumber(100, 599, 'an HTTP status such as 200').optional(),
  /** A text in the body, or an expression that matches it. */
  body: pattern.optional(),
  /** By name: the whole value, or an expression that matches it. */
  header: z
    .record(z.string().regex(/^[\w!#$%&'*+.^`|~-]+$/, 'the name of a header'), pattern, headerExpected)
    .refine((map) => Object.keys(map).length > 0, headerExpected)
    .optional(),
  /** What the JSON of the body has to hold: by key, or by path (`checks.database`, `items.0.name`). */
  json: z
    .record(z.string(), z.json('a value that JSON has'), jsonExpected)
    .refine((map) => Object.keys(map).length > 0, jsonExpected)
    .optional(),
  under: duration.optional(),
  redirects: z
    .union([z.literal('follow'), wholeNumber(301, 308, redirectsExpected)], redirectsExpected)
    .refine((value) => value === 'follow' || redirectStatuses.includes(value), redirectsExpected)
    .optional(),
  insecure: flag.optional(),
};

interface Redirecting {
  readonly http: string;
  readonly status?: number | undefined;
  readonly redirects?: 'follow' | number | undefined;
  readonly insecure?: boolean | undefined;
}

/** What makes no sense together, by the key to blame. */
export function httpContradictions(check: Redirecting): { readonly key: string; readonly message: string }[] {
  const { http, status, redirects } = check;
  const insecure = check.insecure === true;
  const found: { key: string; message: string }[] = [];
  // Each container is asked on its own, and over plain HTTP.
  const isService = !/^[a-z][a-z0-9+.-]*:\/\//i.test(http);
  if (redirects === 'follow' && isService) {
    found.push({
      key: 'redirects',
      message: `the redirect's status, such as \`302\`: \`${http}\` asks each container itself, and a redirect leads away from it`,
    });
  }
  if (insecure && isService) {
    found.push({ key: 'insecure', message: `\`insecure\` to be left out: \`${http}\` is asked without TLS` });
  } else if (insecure && redirects !== 'follow' && !/^https:/i.test(http)) {
    found.push({ key: 'insecure', message: '`insecure` to be left out: only an `https://` address has a certificate' });
  }
  if (typeof redirects === 'number' && status !== undefined && status !== redirects) {
    found.push({ key: 'redirects', message: `the same as \`status\` (${status}), or one of the two to be left out` });
  }
  return found;
}
