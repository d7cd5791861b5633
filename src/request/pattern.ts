import { text } from './value-types.ts';

/** What a text of an answer is compared with. */
export type Pattern =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'expression'; readonly expression: RegExp };

/**
 * A text between slashes is a regular expression: `/^v\d+$/`, with `i` behind it for any case; `^` and `$` are those of a
 * line, since a body mostly ends with a line end. Throws `SyntaxError`.
 */
export function readPattern(written: string): Pattern {
  const [, source, flags] = /^\/(.+)\/(i?)$/s.exec(written) ?? [];
  if (source === undefined) return { kind: 'text', text: written };
  return { kind: 'expression', expression: new RegExp(source, `m${flags}`) };
}

/** As it is written: it is recorded with the release like that. */
export const pattern = text.superRefine((written, context) => {
  try {
    readPattern(written);
  } catch (error) {
    // V8 quotes the expression before it says what is wrong.
    const why = error instanceof Error ? error.message.split(': ').at(-1) : '';
    context.addIssue({ code: 'custom', message: `a regular expression between the slashes (${why})` });
  }
});
