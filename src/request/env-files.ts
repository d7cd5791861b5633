import { isAbsolute, join } from 'node:path';
import { parseDotenv } from './dotenv.ts';
import { expand, type Lookup } from './expand.ts';
import type { ReadText } from './read-file.ts';

/**
 * The variables of the env files, relative to the working directory; `.env` when none are named. Later files win.
 * A file that isn't there, or a line that is no assignment, is left for Compose to complain about: a variable that is
 * missing because of it is named where it is used.
 */
export async function readEnvFiles(options: {
  files: readonly string[];
  workingDirectory: string;
  /** Wins over the files' own values inside them, as in Compose. */
  lookup: Lookup;
  readText: ReadText;
}): Promise<ReadonlyMap<string, string>> {
  const { files, workingDirectory, lookup, readText } = options;
  const found = new Map<string, string>();
  for (const file of files.length > 0 ? files : ['.env']) {
    const text = await readText(isAbsolute(file) ? file : join(workingDirectory, file)).catch(() => null);
    const { entries } = parseDotenv(text ?? '', (value, earlier) =>
      expandInFile(
        value,
        (name) => lookup(name) ?? earlier.findLast((entry) => entry.name === name)?.value ?? found.get(name) ?? '',
      ),
    );
    for (const { name, value } of entries) found.set(name, value);
  }
  return found;
}

/** Env files know `$NAME` too. A form that only Compose knows, such as `${NAME:?error}`, stays as it is. */
function expandInFile(text: string, lookup: Lookup): string {
  const braced = text.replaceAll(/\$\$|\$([A-Za-z_]\w*)/g, (whole, name: string | undefined) =>
    name === undefined ? whole : `\${${name}}`,
  );
  const expansion = expand(braced, lookup);
  return expansion.malformed ? text : expansion.text;
}
