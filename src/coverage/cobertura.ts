import { SaxesParser } from 'saxes';
import type { CoverageFormat, CoverageReport } from './coverage.ts';

/**
 * Cobertura's XML (coverage-04.dtd). Counted are the `<line>`s directly under `<class><lines>`: those under `<methods>`
 * repeat them, and istanbul puts lines there that it does not count itself. Only a class without any `<lines>` of its
 * own is counted by its methods. A file in several classes is merged by line: covered if any of them ran it.
 *
 * The usual `<!DOCTYPE coverage SYSTEM "…">` is fine and never fetched; one that declares entities is refused.
 */
export const cobertura: CoverageFormat = {
  name: 'Cobertura',
  matches(text) {
    const root = /<coverage\b[^>]*>/.exec(text.slice(0, 8192));
    // Clover's root has the same name.
    return root !== null && !/\s(?:clover|generated)\s*=/.test(root[0]);
  },
  parse,
};

interface OpenClass {
  readonly filename: string;
  readonly own: Map<number, number>;
  readonly methods: Map<number, number>;
  hasOwnLines: boolean;
}

function parse(text: string): CoverageReport {
  const parser = new SaxesParser();
  const files = new Map<string, Map<number, number>>();
  const sources: string[] = [];
  const path: string[] = [];
  let open: OpenClass | null = null;
  let characters = '';
  let linesStated = 0;
  const fail = (what: string): never => {
    throw new Error(`line ${parser.line}: ${what}`);
  };

  parser.on('error', (error) => {
    throw new Error(`line ${error.message.replace(/^(\d+):(\d+): /, '$1, column $2: ')}`);
  });
  parser.on('doctype', (doctype) => {
    if (doctype.includes('<!'))
      fail('its DOCTYPE declares entities or elements of its own, which no coverage tool does');
  });
  parser.on('opentag', ({ name, attributes }) => {
    const parent = path.at(-1);
    path.push(name);
    characters = '';
    if (parent === undefined) {
      if (name !== 'coverage') fail(`the root element is <${name}>, not <coverage>`);
      linesStated = Number(attributes['lines-valid'] ?? 0);
    } else if (name === 'class') {
      const filename = attributes.filename;
      if (filename === undefined || filename === '') fail('<class> without `filename`');
      else open = { filename, own: new Map(), methods: new Map(), hasOwnLines: false };
    } else if (open !== null && name === 'lines' && parent === 'class') {
      open.hasOwnLines = true;
    } else if (open !== null && name === 'line' && parent === 'lines') {
      const line = /^\d+$/.test(attributes.number ?? '') ? Number(attributes.number) : 0;
      const hits = /^\d+(\.\d+)?([eE]\+?\d+)?$/.test(attributes.hits ?? '') ? Number(attributes.hits) : null;
      if (line < 1 || hits === null) {
        fail(`<line number="${attributes.number ?? ''}" hits="${attributes.hits ?? ''}"> is no line with its hits`);
        return;
      }
      keepHighest(path.at(-3) === 'class' ? open.own : open.methods, line, hits);
    }
  });
  parser.on('text', (more) => {
    characters += more;
  });
  parser.on('closetag', ({ name }) => {
    path.pop();
    if (name === 'source' && path.at(-1) === 'sources' && characters.trim() !== '') sources.push(characters.trim());
    if (name !== 'class' || open === null) return;
    const known = files.get(open.filename) ?? new Map<number, number>();
    for (const [line, hits] of open.hasOwnLines ? open.own : open.methods) keepHighest(known, line, hits);
    files.set(open.filename, known);
    open = null;
  });
  parser.write(text.replace(/^\uFEFF/, '')).close();

  if (linesStated > 0 && [...files.values()].every((lines) => lines.size === 0)) {
    throw new Error(`line 1: it states ${linesStated} lines (\`lines-valid\`) but lists none`);
  }
  return { files, sources };
}

function keepHighest(lines: Map<number, number>, line: number, hits: number): void {
  lines.set(line, Math.max(lines.get(line) ?? 0, hits));
}
