import { basename, dirname, join } from 'node:path';
import { mergeBranches } from './branches.ts';
import type { CoverageFormat, CoverageReport, Locate, ReportPlace, Share } from './coverage.ts';
import { readXml, wholeNumber, type XmlTag } from './xml.ts';

/**
 * JaCoCo's XML (report.dtd). A line is covered when at least one of its instructions ran (`ci`), as JaCoCo's own counter
 * `LINE` says. A source file is `<package>/<file>`, in an aggregated report below its `<group>`s (Maven's modules): two
 * modules may well have files of the same name.
 */
export const jacoco: CoverageFormat = {
  name: 'JaCoCo',
  matches: (text) => /<!DOCTYPE\s+report\b[^>]*JACOCO|<report\b[^>]*\bname\s*=/i.test(text.slice(0, 8192)),
  parse,
  locator,
};

/** Between the groups and the package in a file's name: no package and no file can have one. */
const groupEnd = ':';

/** Where the common build tools keep sources, relative to the module's folder. */
const sourceRoots = [
  'src/main/java',
  'src/main/kotlin',
  'src/main/scala',
  'src/main/groovy',
  'src',
  '',
  'target/generated-sources/annotations',
  'build/generated/sources/annotationProcessor/java/main',
];

const outputFolders = new Set(['target', 'build']);

interface OpenFile {
  readonly lines: Map<number, number>;
  readonly branches: Map<number, Share>;
}

function parse(text: string): CoverageReport {
  const files = new Map<string, OpenFile>();
  const groups: string[] = [];
  let folder = '';
  let open: OpenFile | null = null;
  let instructions = 0;

  readXml(text, {
    root: 'report',
    opened(tag) {
      const { name, attributes, parents } = tag;
      if (name === 'group') {
        groups.push(nameOf(tag));
      } else if (name === 'package') {
        // The default package has the empty name.
        folder = attributes.name ?? '';
      } else if (name === 'sourcefile') {
        const file = `${groups.join('/')}${groups.length > 0 ? groupEnd : ''}${join(folder, nameOf(tag))}`;
        open = files.get(file) ?? { lines: new Map(), branches: new Map() };
        files.set(file, open);
      } else if (name === 'line' && open !== null) {
        count(open, tag);
      } else if (name === 'counter' && parents.length === 1 && attributes.type === 'INSTRUCTION') {
        instructions = (wholeNumber(attributes.missed) ?? 0) + (wholeNumber(attributes.covered) ?? 0);
      }
    },
    closed(name) {
      if (name === 'group') groups.pop();
      if (name === 'sourcefile') open = null;
    },
  });

  if (instructions > 0 && [...files.values()].every(({ lines }) => lines.size === 0)) {
    throw new Error(
      `it counts ${instructions} instructions but no lines: were the classes compiled without line numbers (\`-g\`)?`,
    );
  }
  return { files, sources: [] };
}

function nameOf({ name, attributes }: XmlTag): string {
  if (attributes.name === undefined || attributes.name === '') throw new Error(`<${name}> without \`name\``);
  return attributes.name;
}

function count(file: OpenFile, { attributes }: XmlTag): void {
  const line = wholeNumber(attributes.nr) ?? 0;
  const missed = wholeNumber(attributes.mi);
  const covered = wholeNumber(attributes.ci);
  if (line < 1 || missed === null || covered === null) {
    const { nr = '', mi = '', ci = '' } = attributes;
    throw new Error(`<line nr="${nr}" mi="${mi}" ci="${ci}"> is no line with its instructions`);
  }
  if (missed + covered === 0) return;
  file.lines.set(line, Math.max(file.lines.get(line) ?? 0, covered));
  const taken = wholeNumber(attributes.cb) ?? 0;
  const branches = taken + (wholeNumber(attributes.mb) ?? 0);
  if (branches > 0) mergeBranches(file.branches, new Map([[line, { covered: taken, total: branches }]]));
}

/**
 * Below the sources of the module that wrote the report, or of the one that a group is named after. A file that isn't
 * there (generated, say) is named as if it were in the module's folder, so that two modules' files stay two.
 */
async function locator({ folders, files }: ReportPlace): Promise<Locate> {
  const output = folders.findIndex(
    (folder, index) => index + 1 < folders.length && outputFolders.has(basename(folder)),
  );
  const module = (output < 0 ? folders.at(-1) : folders[output + 1]) ?? '.';
  const rootOf = new Map<string, string>();
  return async (name) => {
    const [group, file] = name.includes(groupEnd)
      ? [name.slice(0, name.lastIndexOf(groupEnd)), name.slice(name.lastIndexOf(groupEnd) + 1)]
      : ['', name];
    const modules = group === '' ? [module] : folders.map((folder) => join(folder, group));
    const family = `${group}${groupEnd}${dirname(file)}`;
    const known = rootOf.get(family);
    const roots = modules.flatMap((folder) => sourceRoots.map((root) => join(folder, root)));
    for (const root of known === undefined ? roots : [known, ...roots]) {
      if ((await files.stat(join(root, file))) === null) continue;
      rootOf.set(family, root);
      return join(root, file);
    }
    return join(module, group, file);
  };
}
