import { join } from 'node:path';
import type { Block, CoverageFormat, CoverageReport, Locate, ReportPlace } from './coverage.ts';

/** Of one block; more is no code, but a damaged file. */
const maximumLines = 1_000_000;

/**
 * Go's coverprofile: `mode: …`, then `<import path>/<file>:<line>.<column>,<line>.<column> <statements> <hits>` for each
 * block (golang.org/x/tools/cover). Go counts statements, so these do too; a block that comes twice (a test binary for
 * each package with `-coverpkg`) counts once, and ran if any of them ran it.
 *
 * The lines from a block's first to its last are for merging with a report that has the same file by lines.
 */
export const goCoverprofile: CoverageFormat = {
  name: 'Go coverprofile',
  matches: (text) => /^\uFEFF?mode: (?:set|count|atomic)\s/.test(text.slice(0, 64)),
  parse,
  locator,
};

interface OpenFile {
  readonly lines: Map<number, number>;
  readonly blocks: Map<string, Block>;
}

function parse(text: string): CoverageReport {
  const files = new Map<string, OpenFile>();
  let number = 0;
  for (const raw of text.replace(/^\uFEFF/, '').split('\n')) {
    number += 1;
    const line = raw.trimEnd();
    // Profiles that were put together keep their first lines.
    if (line === '' || /^mode: (?:set|count|atomic)$/.test(line)) continue;
    const match = /^(.+):((\d+)\.\d+,(\d+)\.\d+) (\d+) (\d+)$/.exec(line);
    const [, file = '', place = '', first = '', last = '', statements = '', hits = ''] = match ?? [];
    const length = Number(last) - Number(first);
    if (match === null || Number(first) < 1 || length < 0 || length > maximumLines) {
      throw new Error(`line ${number}: \`${line.slice(0, 100)}\` is no block of a coverprofile`);
    }
    const open = files.get(file) ?? { lines: new Map(), blocks: new Map() };
    files.set(file, open);
    const known = open.blocks.get(place);
    if (known !== undefined && known.statements !== Number(statements)) {
      throw new Error(
        `line ${number}: the block \`${file}:${place}\` has ${statements} statements here and ${known.statements} before: two versions of the code`,
      );
    }
    open.blocks.set(place, { statements: Number(statements), hits: Number(hits) + (known?.hits ?? 0) });
    for (let covered = Number(first); covered <= Number(last); covered += 1) {
      open.lines.set(covered, Math.max(open.lines.get(covered) ?? 0, Number(hits)));
    }
  }
  return { files, sources: [] };
}

/** By the `module` of the `go.mod` files at the report or above it. A file of another module keeps its import path. */
async function locator({ folders, files }: ReportPlace): Promise<Locate> {
  const modules: { readonly prefix: string; readonly folder: string }[] = [];
  for (const folder of folders) {
    const text = await files.readText(join(folder, 'go.mod'));
    const name = /^\s*module\s+"?([^\s"]+)"?/m.exec(text ?? '')?.[1];
    if (name !== undefined) modules.push({ prefix: `${name}/`, folder });
  }
  return async (file) => {
    const module = modules.find(({ prefix }) => file.startsWith(prefix));
    return module === undefined ? file : join(module.folder, file.slice(module.prefix.length));
  };
}
