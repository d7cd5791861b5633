import { mergeBranches } from './branches.ts';
import type { CoverageFormat, CoverageReport, Share } from './coverage.ts';
import { readXml, wholeNumber, type XmlTag } from './xml.ts';

/**
 * Clover's XML, as istanbul, PHPUnit and OpenClover write it. Counted are the `<line>`s of statements and conditions,
 * once for each line: what istanbul and PHPUnit print as lines. A method's line says that it was called, and its
 * statements have lines of their own. OpenClover's `<testproject>` is the tests themselves.
 *
 * Branches are the file's `conditionals`: what `truecount` and `falsecount` of a line mean differs by tool.
 */
export const clover: CoverageFormat = {
  name: 'Clover',
  matches(text) {
    const root = /<coverage\b[^>]*>/.exec(text.slice(0, 8192));
    return root !== null && /\s(?:clover|generated)\s*=/.test(root[0]);
  },
  parse,
};

interface OpenFile {
  readonly name: string;
  readonly lines: Map<number, number>;
  readonly branches: Map<number, Share>;
}

function parse(text: string): CoverageReport {
  const files = new Map<string, OpenFile>();
  let open: OpenFile | null = null;
  let statementsStated = 0;

  readXml(text, {
    root: 'coverage',
    opened(tag) {
      const { name, attributes, parents } = tag;
      const parent = parents.at(-1);
      if (parents.includes('testproject')) return;
      if (name === 'file') {
        const file = attributes.path ?? attributes.name ?? '';
        if (file === '') throw new Error('<file> without `path` and `name`');
        open = files.get(file) ?? { name: file, lines: new Map(), branches: new Map() };
        files.set(file, open);
      } else if (name === 'line' && parent === 'file' && open !== null) {
        count(open, tag);
      } else if (name === 'metrics' && parent === 'file' && open !== null) {
        countBranches(open, tag);
      } else if (name === 'metrics' && parent === 'project') {
        statementsStated += wholeNumber(attributes.statements) ?? 0;
      }
    },
    closed(name) {
      if (name === 'file') open = null;
    },
  });

  if (statementsStated > 0 && [...files.values()].every(({ lines }) => lines.size === 0)) {
    throw new Error(`it states ${statementsStated} statements (\`<metrics>\`) but lists no lines`);
  }
  return { files, sources: [] };
}

function count(file: OpenFile, { attributes }: XmlTag): void {
  if (attributes.type === 'method') return;
  const line = wholeNumber(attributes.num) ?? 0;
  // A condition of OpenClover has no `count`: it ran when it was true or false at least once.
  const hits =
    wholeNumber(attributes.count) ??
    (attributes.type === 'cond'
      ? (wholeNumber(attributes.truecount) ?? 0) + (wholeNumber(attributes.falsecount) ?? 0)
      : null);
  if (line < 1 || hits === null) {
    throw new Error(`<line num="${attributes.num ?? ''}" count="${attributes.count ?? ''}"> is no line with its count`);
  }
  file.lines.set(line, Math.max(file.lines.get(line) ?? 0, hits));
}

function countBranches(file: OpenFile, { attributes }: XmlTag): void {
  const total = wholeNumber(attributes.conditionals) ?? 0;
  const covered = wholeNumber(attributes.coveredconditionals) ?? 0;
  if (total > 0) mergeBranches(file.branches, new Map([[0, { covered, total }]]));
}
