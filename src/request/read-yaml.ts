let yaml: typeof import('yaml') | null = null;

/** To be awaited before `readYaml`: the schema is loaded for `--help` too, which would wait for the library. */
export async function loadYaml(): Promise<void> {
  yaml ??= await import('yaml');
}

export type ReadYaml =
  | { readonly ok: true; readonly value: unknown }
  /** `complaint` says what is wrong and where (`at line 2, column 1`), and never quotes the text: it may hold secrets. */
  | { readonly ok: false; readonly complaint: string };

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

/** Reads one YAML document; a key that is there twice is an error. Throws for no text. */
export function readYaml(text: string): ReadYaml {
  if (yaml === null) throw new Error('the YAML library was not loaded');
  const document = yaml.parseDocument(text, { prettyErrors: true, uniqueKeys: true, logLevel: 'error' });
  const [error] = [...document.errors, ...document.warnings];
  if (error) {
    const sentence = withoutQuote[error.code] ?? error.message.split(/ at line \d|\n/)[0];
    const at = error.linePos?.[0];
    return { ok: false, complaint: at ? `${sentence} at line ${at.line}, column ${at.col}` : `${sentence}` };
  }
  try {
    return { ok: true, value: document.toJS() as unknown };
  } catch {
    // An alias without its anchor, or so many of them that the document explodes.
    return { ok: false, complaint: 'Unusable alias' };
  }
}
