import { z } from 'zod';
import { structured, text } from './value-types.ts';

const maximumExpected = 'a number such as `50000` or `0.25`, without a unit';
const digits = z
  .string()
  .trim()
  .regex(/^-?\d+(\.\d+)?$/)
  .transform(Number);

const entry = z.strictObject(
  { command: text, maximum: z.union([z.number(), digits], maximumExpected).pipe(z.number(maximumExpected)) },
  'a map such as `{command: ./scripts/tokens.sh, maximum: 50000}`',
);

export const budgetKeys: readonly string[] = Object.keys(entry.shape);

export type Budget = { readonly name: string } & z.output<typeof entry>;

/** Budgets by name, in the order in which they are written. */
export const budgets = structured(z.record(z.string(), entry, 'a YAML map `name: {command, maximum}`')).transform(
  (map) => Object.entries(map).map(([name, budget]): Budget => ({ name, ...budget })),
);
