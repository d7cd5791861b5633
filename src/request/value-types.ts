import { z } from 'zod';
import { parseDotenv } from './dotenv.ts';
import { readYaml } from './read-yaml.ts';
import { likelyDuration, likelySize, parseDuration, parseSize } from './units.ts';

/*
 * The kinds of values that a key can have. They come as text (`with:`, flags) or as plain YAML (homeport.yml), so each
 * type here takes both. The message of an issue is what was expected: it ends up behind the word "expected".
 */

/** Text or plain YAML; a text is read as YAML first. */
export function structured<T extends z.ZodType>(schema: T) {
  return z.preprocess((value, context) => {
    if (typeof value !== 'string') return value;
    const read = readYaml(value);
    if (read.ok) return read.value;
    context.addIssue({ code: 'custom', message: `YAML (${read.complaint})` });
    return z.NEVER;
  }, schema);
}

const textExpected = 'text that is not empty';
/** Bytes; the kernel takes no argument and no variable of 128 KiB. */
const longestText = 100 * 2 ** 10;

/** No command and no path can have it; the kernel would take what stands before it for the whole. */
export const withoutNul = 'text without a NUL character';
export const hasNoNul = (value: string): boolean => !value.includes('\0');
export const notTooLong = `text of at most ${longestText / 2 ** 10} KiB`;
export const isNotTooLong = (value: string): boolean => Buffer.byteLength(value) <= longestText;

export const text = z
  .string(textExpected)
  .trim()
  .min(1, textExpected)
  .refine(hasNoNul, withoutNul)
  .refine(isNotTooLong, notTooLong);

/** `http` or `https`. */
export function webUrl(example: string) {
  return z.url({ protocol: /^https?$/, error: `a URL such as \`${example}\`` });
}

/** A path is added to it, and it is printed: no query, and nothing that lets anybody in. */
export const registryUrl = webUrl('http://registry.example.org:8000').refine(
  (value) => {
    // What is no URL at all is told by the line above; it is looked at here all the same.
    if (!URL.canParse(value)) return true;
    const { username, password, search, hash } = new URL(value);
    return [username, password, search, hash].every((part) => part === '');
  },
  {
    error: 'a URL such as `http://registry.example.org:8000`, without a user, a password or a query in it',
    abort: true,
  },
);

export function oneOf(values: readonly string[], joint: 'or' | 'and' = 'or'): string {
  const quoted = values.map((value) => `\`${value}\``);
  return quoted.length < 2 ? quoted.join('') : `${quoted.slice(0, -1).join(', ')} ${joint} ${quoted.at(-1)}`;
}

export function choice<const T extends readonly string[]>(values: T) {
  return z.enum(values, oneOf(values));
}

const flagExpected = oneOf(['true', 'false']);

export const flag = z.union(
  [z.boolean(flagExpected), choice(['true', 'false']).transform((value) => value === 'true')],
  flagExpected,
);

const durationExpected = 'a duration such as `90s`, `10m`, `2h` or `7d`';
/** Milliseconds: a hundred years, which can be taken from any date. */
const longestDuration = 36_500 * 86_400_000;

/** Milliseconds. */
export const duration = z.string(durationExpected).transform((value, context) => {
  const milliseconds = parseDuration(value);
  if (milliseconds !== null && milliseconds <= longestDuration) return milliseconds;
  if (milliseconds !== null) {
    context.addIssue({ code: 'custom', message: 'a duration of at most `36500d`' });
    return z.NEVER;
  }
  context.addIssue({ code: 'custom', message: durationExpected, params: { suggestion: likelyDuration(value) } });
  return z.NEVER;
});

/** What a Node timer can hold: it counts milliseconds in 31 bits, and fires at once when given more. */
const longestTimer = 24 * 86_400_000;

/** Milliseconds that something waits. */
export const wait = duration.pipe(z.number().max(longestTimer, 'a duration of at most `24d`'));

/** Milliseconds after which something is given up. */
export const timeLimit = wait.pipe(z.number().positive('a duration above zero, such as `90s` or `10m`'));

const sizeExpected = 'a size such as `512MiB` or `10GiB`';

/** Bytes. */
export const size = z.string(sizeExpected).transform((value, context) => {
  const bytes = parseSize(value);
  if (bytes !== null && Number.isSafeInteger(bytes)) return bytes;
  context.addIssue({ code: 'custom', message: sizeExpected, params: { suggestion: likelySize(value) } });
  return z.NEVER;
});

export function number(minimum: number, maximum: number, expected: string) {
  const digits = z
    .string()
    .regex(/^\d+(\.\d+)?$/)
    .transform(Number);
  return z.union([z.number(), digits], expected).pipe(z.number(expected).min(minimum, expected).max(maximum, expected));
}

const percentageExpected = 'a percentage from `0%` to `100%`, such as `90%`';

/** `90%` → 90. A bare number is refused: `0.9` might mean either. */
export const percentage = z.union([z.string(), z.number()], percentageExpected).transform((value, context) => {
  const [, digits] = /^(\d+(?:\.\d+)?)\s*%$/.exec(String(value).trim()) ?? [];
  if (digits !== undefined && Number(digits) <= 100) return Number(digits);
  const suggestion = typeof value === 'number' && value > 1 && value <= 100 ? `${value}%` : null;
  context.addIssue({ code: 'custom', message: percentageExpected, params: { suggestion } });
  return z.NEVER;
});

export function wholeNumber(minimum: number, maximum: number, expected: string) {
  return number(minimum, maximum, expected).pipe(z.int(expected));
}

const mostItems = 1000;
const items = z.array(text).refine((list) => list.length <= mostItems, `a list of at most ${mostItems} items`);

/** One item a line, or a YAML list. */
export const list = z.union(
  [
    items,
    z
      .string()
      .transform((value) =>
        value
          .split('\n')
          .map((line) => line.trim())
          .filter((line) => line !== ''),
      )
      .pipe(items),
  ],
  'a list, one item a line',
);

export const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/;
const assignmentsExpected = '`NAME=value` lines';

/** `NAME=value` lines as dotenv has them (quotes, comments), or a YAML map of texts. */
export const assignments = z
  .union(
    [
      z.record(z.string(), z.union([z.string(), z.number(), z.boolean()], 'text').transform(String)),
      z.string().transform((value, context) => {
        const { entries, malformed } = parseDotenv(value, null);
        if (malformed.length === 0) return Object.fromEntries(entries.map((entry) => [entry.name, entry.value]));
        // The line itself may be a secret: only its number is told.
        const lines =
          malformed.length === 1 ? `line ${malformed[0]} is none` : `lines ${malformed.join(', ')} are none`;
        context.addIssue({ code: 'custom', message: `${assignmentsExpected}, and ${lines}` });
        return z.NEVER;
      }),
    ],
    assignmentsExpected,
  )
  .superRefine((map, context) => {
    const fault = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    const entries = Object.entries(map);
    if (entries.length > mostItems) fault([], `at most ${mostItems} of them`);
    for (const [name, value] of entries) {
      if (!variableName.test(name)) fault([name], 'a name of letters, digits and `_`');
      if (!hasNoNul(value)) fault([name], withoutNul);
      if (!isNotTooLong(value)) fault([name], notTooLong);
    }
  });

/** Commands by name, in the order in which they are written. */
export const commands = structured(z.record(z.string(), text, 'a YAML map `name: command`')).transform((map) =>
  Object.entries(map).map(([name, command]) => ({ name, command })),
);
