import { z } from 'zod';
import { httpContradictions, httpFields } from './http-check.ts';
import {
  hasNoNul,
  isNotTooLong,
  notTooLong,
  oneOf,
  percentage,
  text,
  timeLimit,
  wait,
  wholeNumber,
  withoutNul,
} from './value-types.ts';

const attempts = {
  retries: wholeNumber(0, 100, 'a whole number from 0 to 100').default(3),
  interval: wait.default(2000),
  timeout: timeLimit.default(10_000),
};

const address = text.regex(/^\S+:\d{1,5}$/, '`host:port` such as `db:5432`');
const execExpected = 'a map `{service: app, command: python -m app.check}`';
const resourcesExpected = 'a map such as `{memory: 90%, cpu: 90%, disk: 90%, restarts: 0}`';

const httpCheck = z.strictObject({ ...httpFields, ...attempts }).superRefine((check, context) => {
  for (const { key, message } of httpContradictions(check)) {
    context.addIssue({ code: 'custom', path: [key], message });
  }
});
const execCheck = z.strictObject({
  exec: z.strictObject(
    {
      service: text,
      command: z.union(
        [
          text,
          z.array(z.string('text').refine(hasNoNul, withoutNul).refine(isNotTooLong, notTooLong)).min(1, 'a command'),
        ],
        'a command',
      ),
    },
    execExpected,
  ),
  ...attempts,
});
const runCheck = z.strictObject({ run: text, ...attempts });
const tcpCheck = z.strictObject({ tcp: address, ...attempts });
const databaseCheck = z.strictObject({ database: text, ...attempts });
const telegramCheck = z.strictObject({ telegram: z.literal(true, '`true`'), ...attempts });
const resourcesCheck = z.strictObject({
  resources: z
    .strictObject(
      {
        memory: percentage.optional(),
        cpu: percentage.optional(),
        disk: percentage.optional(),
        restarts: wholeNumber(0, 1000, 'a whole number from 0 to 1000').optional(),
      },
      resourcesExpected,
    )
    .refine((limits) => Object.values(limits).some((limit) => limit !== undefined), resourcesExpected),
  ...attempts,
});

export type HttpCheck = z.output<typeof httpCheck>;
export type ExecCheck = z.output<typeof execCheck>;
export type RunCheck = z.output<typeof runCheck>;
export type TcpCheck = z.output<typeof tcpCheck>;
export type DatabaseCheck = z.output<typeof databaseCheck>;
export type TelegramCheck = z.output<typeof telegramCheck>;
export type ResourcesCheck = z.output<typeof resourcesCheck>;
export type SmokeCheck = HttpCheck | ExecCheck | RunCheck | TcpCheck | DatabaseCheck | TelegramCheck | ResourcesCheck;

export const smokeKinds = ['http', 'exec', 'run', 'tcp', 'database', 'telegram', 'resources'] as const;
export type SmokeKind = (typeof smokeKinds)[number];

export const smokeChecks = {
  http: httpCheck,
  exec: execCheck,
  run: runCheck,
  tcp: tcpCheck,
  database: databaseCheck,
  telegram: telegramCheck,
  resources: resourcesCheck,
} as const;

/** The keys that an entry of that kind can have, and those of the map inside `exec` and `resources`. */
export const smokeKeys = {
  of: (kind: SmokeKind): readonly string[] => Object.keys(smokeChecks[kind].shape),
  exec: Object.keys(execCheck.shape.exec.shape) as readonly string[],
  resources: Object.keys(resourcesCheck.shape.resources.shape) as readonly string[],
};

/** The kind of check that an entry asks for, if it asks for exactly one that there is. */
export function smokeKindOf(entry: unknown): SmokeKind | null {
  const kinds = isMap(entry) ? smokeKinds.filter((kind) => kind in entry) : [];
  return kinds.length === 1 ? (kinds[0] ?? null) : null;
}

/** One entry of `smoke`. The kind is decided first, so that a complaint is about the check that was meant. */
export const smokeEntry = z.unknown().transform((entry, context): SmokeCheck => {
  const kind = smokeKindOf(entry);
  if (kind === null) {
    context.addIssue({ code: 'custom', ...withoutKind(entry) });
    return z.NEVER;
  }
  const parsed = smokeChecks[kind].safeParse(entry);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) context.addIssue(issue as Parameters<typeof context.addIssue>[0]);
  return z.NEVER;
});

function withoutKind(entry: unknown): { message: string; params: { given: string[]; candidates: readonly string[] } } {
  const none = { given: [], candidates: smokeKinds };
  if (!isMap(entry)) return { message: 'a map such as `http: http://localhost:8000/health`', params: none };
  const kinds = smokeKinds.filter((kind) => kind in entry);
  if (kinds.length > 1) return { message: `one check an entry, here are ${oneOf(kinds, 'and')}`, params: none };
  const given = Object.keys(entry).filter((name) => !Object.hasOwn(attempts, name));
  return { message: `one of ${oneOf(smokeKinds)} in it`, params: { given, candidates: smokeKinds } };
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
