import { posix } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { searchComposeFiles } from '../platforms/compose/find-files.ts';
import { below, folderOf, type Repository } from './repository.ts';

export interface ComposeFiles {
  /** Relative to the repository's top; later ones override. */
  readonly files: readonly string[];
  /** Compose finds them by itself: `compose-file` need not say them. */
  readonly usual: boolean;
  /** Others that were seen and not taken. */
  readonly others: readonly string[];
}

const name = /^(docker-)?compose([.-][\w.-]+)?\.ya?ml$/;

/**
 * The compose files to deploy: the named ones, else those that Compose finds by itself, else the only one that could be
 * meant. Throws `HomeportError` when there is none, or no telling which.
 */
export function chooseComposeFiles(repository: Repository, named: readonly string[]): ComposeFiles {
  const { root, folder } = repository;
  const all = repository.files.filter((path) => name.test(posix.basename(path)) && below(path, folder) !== null);
  const chosen = (files: readonly string[], usual: boolean): ComposeFiles => {
    return { files, usual, others: all.filter((path) => !files.includes(path)) };
  };

  if (named.length > 0) {
    const files = named.map((path) => posix.normalize(posix.join(folder, path)));
    const missing = files.filter((path) => !repository.has(path));
    if (missing.length === 0) return chosen(files, false);
    throw new HomeportError(`There is no compose file ${missing.join(', ')} in the repository.`, {
      hint: all.length === 0 ? hint : `There is: ${all.join(', ')}.`,
      exitCode: exitCodes.invalid,
    });
  }

  const found = searchComposeFiles(posix.join(root, folder)).map((path) => posix.relative(root, path));
  // Compose looks in the folders above too: outside of the repository nothing is meant.
  if (found.length > 0 && found.every((path) => repository.has(path))) return chosen(found, true);
  const guess = likely(all);
  if (guess !== null) return chosen([guess], false);
  if (all.length === 0) throw new HomeportError(`There is no compose file in ${posix.join(root, folder)}.`, { hint });
  throw new HomeportError(`There are several compose files, and none in the usual place: ${all.join(', ')}.`, {
    hint: `Name the one that is to be deployed: \`homeport init --compose-file ${below(all[0] ?? '', folder)}\`.`,
  });
}

const hint = 'Homeport deploys what a compose file says: write one, or name it with `--compose-file`.';

/** The only one; else the only one for production; else the only one that is not for development or tests. */
function likely(paths: readonly string[]): string | null {
  const forProduction = paths.filter((path) => /\bprod(uction)?\b/.test(path));
  const forDeployment = paths.filter(
    (path) =>
      !/\b(dev|devel|development|local|tests?|testing|ci|e2e|debug|override)\b/.test(path) &&
      !/^\./.test(folderOf(path)),
  );
  for (const some of [paths, forProduction, forDeployment]) if (some.length === 1) return some[0] ?? null;
  return null;
}
