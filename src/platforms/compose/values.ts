import { known } from '../../deployment/facts.ts';
import type { StageContext } from '../../deployment/stage.ts';
import { readEnvFiles } from '../../request/env-files.ts';
import type { ComposeModel } from './model.ts';

/**
 * The values of the variables that configs and secrets of a model are made of, by name. Compose looks for them only when
 * it builds or starts, in files that stand elsewhere than the rendered one; and a rollback must find those of its release.
 */
export async function valuesFor(context: StageContext, model: ComposeModel): Promise<Record<string, string>> {
  const entries = [...Object.values(model.configs ?? {}), ...Object.values(model.secrets ?? {})];
  const names = entries.flatMap(({ environment }) => environment ?? []);
  if (names.length === 0) return {};
  const { request, host, facts } = context;
  const lookup = (name: string): string | undefined => request.secrets[name] ?? process.env[name];
  const files = await readEnvFiles({
    files: facts.envFiles ?? request['env-file'],
    workingDirectory: known(facts.source, 'source').workingDirectory,
    lookup,
    readText: (path) => host.files.readText(path),
  });
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = lookup(name) ?? files.get(name);
      return value === undefined ? [] : [[name, value]];
    }),
  );
}
