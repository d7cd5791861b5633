import type { z } from 'zod';
import { messageOf } from '../deployment/error.ts';

/** Reads a JSON report. Throws `Error` with the place of what is wrong, for people. */
export function readJson<T>(text: string, schema: z.ZodType<T>): T {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    throw new Error(`it is cut off or no JSON: ${messageOf(error)}`, { cause: error });
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new Error(`at ${issue?.path.map((key) => `\`${String(key)}\``).join(', ') || 'its top'}: ${issue?.message}`);
}
