let yaml: typeof import('yaml') | null = null;

/** To be awaited before `readYaml`: the schema is loaded for `--help` too, which would wait for the library. */
export async function loadYaml(): Promise<void> {
  yaml ??= await import('yaml');
}

export type ReadYaml =
  | { readonly ok: true; readonly value: unknown }
  /** `complaint` says what is wrong and where (`at line 2, column 1`), and never quotes the text: it may hold secrets. */
  | { readonly ok: false; readonly complaint: string };

/** Bytes: many times what anybody writes, and little enough to be read in a moment. */
const largest = 64 * 2 ** 10;
/** Levels of maps and lists in each other. */
const deepest = 64;

/** Complaints of the library that would quote the text. */
const withoutQuote: Readonly<Record<string, string>> = {
  BAD_ALIAS: 'Unusable alias',
  BAD_DIRECTIVE: 'Unusable directive',
  BAD_DQ_ESCAPE: 'Unknown escape in a double-quoted text',
  BAD_SCALAR_START: 'Text that has to be put in quotes',
  MULTIPLE_DOCS: 'More than one document',
  TAG_RESOLVE_FAILED: 'Unknown tag',
  UNEXPECTED_TOKEN: 'Unexpected text',
};

const tooDeep = `More than ${deepest} levels of maps and lists in each other`;

/** Reads one YAML document; a key that is there twice is an error. Throws for no text. */
export function readYaml(text: string): ReadYaml {
  if (yaml === null) throw new Error('the YAML library was not loaded');
  if (Buffer.byteLength(text) > largest) return refused(`More than ${largest / 2 ** 10} KiB of it`);
  const lineCounter = new yaml.LineCounter();
  // The library would compare each key with each other one, and cut the line out of the text for each of its errors.
  const document = yaml.parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
  const [error] = [...document.errors, ...document.warnings];
  if (error) {
    // It calls itself for each level, and tells what happens then as if it were a fault of the text.
    if (error.message.includes('call stack')) return refused(tooDeep);
    const sentence = withoutQuote[error.code] ?? error.message.split('\n')[0] ?? '';
    return refused(sentence, lineCounter.linePos(error.pos[0]));
  }
  try {
    const twice = doubledKey(yaml, document);
    if (twice !== null) return refused('Map keys must be unique', lineCounter.linePos(twice));
    const value: unknown = document.toJS();
    const fault = faultIn(value, []);
    return fault === null ? { ok: true, value } : refused(fault);
  } catch {
    // An alias without its anchor, or so many of them that the document explodes.
    return refused('Unusable alias');
  }
}

function refused(sentence: string, at?: { readonly line: number; readonly col: number }): ReadYaml {
  return { ok: false, complaint: at ? `${sentence} at line ${at.line}, column ${at.col}` : sentence };
}

/** Where the first key stands that its map has already. */
function doubledKey({ isScalar, visit }: typeof import('yaml'), document: import('yaml').Document): number | null {
  let found: number | null = null;
  visit(document, {
    Map: (_key, map) => {
      const seen = new Set<unknown>();
      for (const { key } of map.items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) found ??= key.range?.[0] ?? 0;
        seen.add(key.value);
      }
      return found === null ? undefined : visit.BREAK;
    },
  });
  return found;
}

/** What can be written in YAML and can't be meant: a value inside itself, one that is endlessly deep. */
function faultIn(value: unknown, around: readonly object[]): string | null {
  if (typeof value !== 'object' || value === null) return null;
  if (around.includes(value)) return 'An alias to what it stands in';
  if (around.length >= deepest) return tooDeep;
  // A map of JavaScript takes it for its prototype, so that it would vanish.
  if (Object.hasOwn(value, '__proto__')) return 'The key `__proto__`, which no key of Homeport can have in it';
  for (const inner of Object.values(value)) {
    const fault = faultIn(inner, [...around, value]);
    if (fault !== null) return fault;
  }
  return null;
}
