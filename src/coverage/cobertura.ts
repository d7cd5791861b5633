import { mergeBranches } from './branches.ts';
import type { CoverageFormat, CoverageReport, Share } from './coverage.ts';
import { readXml, wholeNumber, type XmlTag } from './xml.ts';

/**
 * Cobertura's XML (coverage-04.dtd). Counted are the `<line>`s directly under `<class><lines>`: those under `<methods>`
 * repeat them, and istanbul puts lines there that it does not count itself. Only a class without any `<lines>` of its
 * own is counted by its methods. A file in several classes is merged by line: covered if any of them ran it.
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

class Lines {
  readonly lines = new Map<number, number>();
  readonly branches = new Map<number, Share>();

  merge(more: Lines): void {
    for (const [line, hits] of more.lines) this.hit(line, hits);
    mergeBranches(this.branches, more.branches);
  }

  hit(line: number, hits: number): void {
    this.lines.set(line, Math.max(this.lines.get(line) ?? 0, hits));
  }
}

interface OpenClass {
  readonly filename: string;
  readonly own: Lines;
  readonly methods: Lines;
  hasOwnLines: boolean;
}

function parse(text: string): CoverageReport {
  const files = new Map<string, Lines>();
  const sources: string[] = [];
  let open: OpenClass | null = null;
  let linesStated = 0;

  readXml(text, {
    root: 'coverage',
    opened(tag) {
      const { name, attributes, parents } = tag;
      const parent = parents.at(-1);
      if (parent === undefined) {
        linesStated = Number(attributes['lines-valid'] ?? 0);
      } else if (name === 'class') {
        const filename = attributes.filename;
        if (filename === undefined || filename === '') throw new Error('<class> without `filename`');
        open = { filename, own: new Lines(), methods: new Lines(), hasOwnLines: false };
      } else if (open !== null && name === 'lines' && parent === 'class') {
        open.hasOwnLines = true;
      } else if (open !== null && name === 'line' && parent === 'lines') {
        count(parents.at(-2) === 'class' ? open.own : open.methods, tag);
      }
    },
    closed(name, characters, parents) {
      if (name === 'source' && parents.at(-1) === 'sources' && characters.trim() !== '') {
        sources.push(characters.trim());
      }
      if (name !== 'class' || open === null) return;
      const known = files.get(open.filename) ?? new Lines();
      known.merge(open.hasOwnLines ? open.own : open.methods);
      files.set(open.filename, known);
      open = null;
    },
  });

  if (linesStated > 0 && [...files.values()].every(({ lines }) => lines.size === 0)) {
    throw new Error(`line 1: it states ${linesStated} lines (\`lines-valid\`) but lists none`);
  }
  return { files, sources };
}

function count(into: Lines, { attributes }: XmlTag): void {
  const line = wholeNumber(attributes.number) ?? 0;
  const hits = /^\d+(\.\d+)?([eE]\+?\d+)?$/.test(attributes.hits ?? '') ? Number(attributes.hits) : null;
  if (line < 1 || hits === null) {
    throw new Error(
      `<line number="${attributes.number ?? ''}" hits="${attributes.hits ?? ''}"> is no line with its hits`,
    );
  }
  into.hit(line, hits);
  const branches = /\((\d+)\/(\d+)\)/.exec(attributes['condition-coverage'] ?? '');
  if (branches !== null) {
    mergeBranches(into.branches, new Map([[line, { covered: Number(branches[1]), total: Number(branches[2]) }]]));
  }
}
