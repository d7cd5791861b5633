import { lstatSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import { Redactor } from '../hosts/redactor.ts';
import { planFiles } from '../init/plan-files.ts';
import { lookAt } from '../init/repository.ts';
import { InvalidRequestError } from '../request/invalid-request.ts';
import { problemsOf } from '../request/problems.ts';
import { flagsToDoor } from '../request/read-flags.ts';
import { loadYaml } from '../request/read-yaml.ts';
import { requestShape } from '../request/schema.ts';

/**
 * `homeport init`: looks at the repository and writes a workflow and a `homeport.yml` for it. Files that are there stay,
 * unless `--force` is given; `--print` writes nothing.
 */
export async function initFromCli(options: Readonly<Record<string, unknown>>): Promise<number> {
  await loadYaml();
  const values = await flagsToDoor(options, {}, () => Promise.reject(new Error('no file is read here')));
  const problems = problemsOf({ source: 'flag', values, written: values }, new Redactor());
  if (problems.length > 0) throw new InvalidRequestError(problems);

  const repository = await lookAt(requestShape['working-directory'].parse(values['working-directory']));
  const { files, missing } = planFiles(repository, {
    composeFiles: requestShape['compose-file'].parse(values['compose-file']),
    project: requestShape.project.parse(values.project),
  });
  const write = (text: string) => process.stdout.write(text);
  if (options.print === true) {
    for (const [path, text] of Object.entries(files)) write(`# --- ${path}\n${text}\n`);
    return exitCodes.success;
  }
  await writeAll(repository.root, files, options.force === true);
  for (const path of Object.keys(files)) write(`wrote ${relative('.', join(repository.root, path))}\n`);
  if (missing.length > 0) write(`Not found, or to be looked at:\n${missing.map((one) => `  - ${one}\n`).join('')}`);
  write('Look both through, then: homeport config, homeport plan.\n');
  return exitCodes.success;
}

/** Both or, where one of them is there already, none. */
async function writeAll(root: string, files: Readonly<Record<string, string>>, force: boolean): Promise<void> {
  const present = Object.keys(files).filter(
    (path) => lstatSync(join(root, path), { throwIfNoEntry: false }) !== undefined,
  );
  if (present.length > 0 && !force) {
    throw new HomeportError(
      `${present.join(' and ')} ${present.length === 1 ? 'is' : 'are'} there already. Nothing was written.`,
      {
        hint: '`homeport init --print` shows what would be written; `--force` writes it in their place.',
      },
    );
  }
  for (const [path, text] of Object.entries(files)) {
    const absolute = join(root, path);
    try {
      await mkdir(dirname(absolute), { recursive: true });
      // One that was made between the look and now is not ours to replace.
      await writeFile(absolute, text, { flag: force ? 'w' : 'wx' });
    } catch (error) {
      throw new HomeportError(`${path} could not be written: ${messageOf(error)}.`, {
        hint: 'See who owns that folder; `homeport init --print` shows what would be written.',
      });
    }
  }
}
