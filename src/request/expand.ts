export interface Expansion {
  readonly text: string;
  /** Variables that have neither a value nor a default. */
  readonly missing: readonly string[];
  /** A `${` that is neither `${NAME}` nor `${NAME:-default}`. */
  readonly malformed: boolean;
}

export type Lookup = (name: string) => string | undefined;

/**
 * Replaces `${NAME}`, `${NAME:-default}` (also nested in a default) and `$$` (a plain `$`); any other `$` stands for
 * itself. As in Compose, a default counts for an empty variable too. A missing variable leaves nothing in its place.
 */
export function expand(text: string, lookup: Lookup): Expansion {
  const missing: string[] = [];
  let malformed = false;
  let result = '';
  let at = 0;
  while (at < text.length) {
    const dollar = text.indexOf('$', at);
    if (dollar === -1) break;
    result += text.slice(at, dollar);
    if (text[dollar + 1] !== '{') {
      result += '$';
      at = dollar + (text[dollar + 1] === '$' ? 2 : 1);
      continue;
    }
    const end = closingBrace(text, dollar + 2);
    const [, name, fallback] = /^([A-Za-z_]\w*)(?::-(.*))?$/s.exec(text.slice(dollar + 2, end)) ?? [];
    at = end + 1;
    if (name === undefined || end === text.length) {
      malformed = true;
      continue;
    }
    const value = lookup(name);
    if (fallback !== undefined && !value) {
      const inner = expand(fallback, lookup);
      result += inner.text;
      missing.push(...inner.missing);
      malformed ||= inner.malformed;
    } else if (value !== undefined) result += value;
    else missing.push(name);
  }
  return { text: result + text.slice(at), missing, malformed };
}

/** Where the brace closes that was opened before `start`; the end of the text when it never does. */
function closingBrace(text: string, start: number): number {
  let depth = 1;
  for (let at = start; at < text.length; at += 1) {
    if (text[at] === '{' && text[at - 1] === '$') depth += 1;
    if (text[at] !== '}') continue;
    depth -= 1;
    if (depth === 0) return at;
  }
  return text.length;
}
