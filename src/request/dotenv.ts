export interface DotenvEntry {
  readonly name: string;
  readonly value: string;
}

export interface Dotenv {
  /** In the order of the text; a later one wins. */
  readonly entries: readonly DotenvEntry[];
  /** Lines (from 1) that are no `NAME=value`, or whose quote is never closed. */
  readonly malformed: readonly number[];
}

/** Gets the entries before the value too: it may refer to them. */
export type ExpandVariables = (text: string, earlier: readonly DotenvEntry[]) => string;

const assignment = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=|:(?=\s|$))\s*(.*)$/;

/**
 * Reads dotenv text as Compose does: comments, `export `, single quotes (literal), double quotes (escapes), quoted
 * values over several lines, and ` #` as the start of a comment behind an unquoted value. Every value but a
 * single-quoted one goes through `expandVariables`; with `null`, `$` stands for itself everywhere.
 */
export function parseDotenv(text: string, expandVariables: ExpandVariables | null): Dotenv {
  const expanded = (value: string) => (expandVariables === null ? value : expandVariables(value, entries));
  // `\$` is a plain `$`, which an expansion that follows would have to be told as `$$`.
  const dollar = expandVariables === null ? '$' : '$$';
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const entries: DotenvEntry[] = [];
  const malformed: number[] = [];
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? '';
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, start = ''] = assignment.exec(line) ?? [];
    if (name === undefined) {
      malformed.push(index + 1);
      continue;
    }
    const quote = start[0];
    if (quote !== '"' && quote !== "'") {
      entries.push({ name, value: expanded(start.replace(/\s+#.*$/, '').trimEnd()) });
      continue;
    }
    const rest = [start, ...lines.slice(index + 1)].join('\n');
    const end = closingQuote(rest, quote);
    if (end === null || !/^\s*(#|$)/.test(rest.slice(end + 1).split('\n')[0] ?? '')) {
      malformed.push(index + 1);
      continue;
    }
    const inner = rest.slice(1, end);
    entries.push({
      name,
      value: quote === '"' ? expanded(unescaped(inner, dollar)) : inner.replaceAll("\\'", "'"),
    });
    index += inner.split('\n').length - 1;
  }
  return { entries, malformed };
}

function closingQuote(text: string, quote: string): number | null {
  for (let at = 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1;
    else if (text[at] === quote) return at;
  }
  return null;
}

const escapes: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };

function unescaped(text: string, dollar: string): string {
  return text.replaceAll(/\\(.)/gs, (whole, character: string) =>
    character === '$' ? dollar : (escapes[character] ?? whole),
  );
}
