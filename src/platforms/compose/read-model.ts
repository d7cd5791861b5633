import { CancelledError, HomeportError } from '../../deployment/error.ts';
import type { Host } from '../../hosts/host.ts';
import { tryParseJson } from '../../request/parse-json.ts';
import { type ComposeProject, configArgv } from './commands.ts';
import { type ComposeModel, composeModelSchema } from './model.ts';

export interface ReadModel {
  readonly model: ComposeModel;
  /** What Compose warned of, a sentence each: above all variables that have no value. */
  readonly warnings: readonly string[];
}

/**
 * Reads the user's compose files by Compose's own rules. Throws `HomeportError` with Compose's words.
 */
export async function readModel(
  host: Host,
  options: { compose: ComposeProject; workingDirectory: string; environment: Readonly<Record<string, string>> },
): Promise<ReadModel> {
  const { compose, workingDirectory, environment } = options;
  const told = await host.exec(configArgv(compose), {
    cwd: workingDirectory,
    // A `COMPOSE_PROJECT_NAME` of the environment or of `.env` would win over the file's own `name:`.
    env: { ...environment, PWD: workingDirectory, COMPOSE_PROJECT_NAME: compose.project ?? '' },
    timeout: 60_000,
    record: false,
  });
  if (told.outcome === 'cancelled') throw new CancelledError('Cancelled.', 'Nothing was changed.');
  if (told.outcome !== 'success') {
    const words = told.tail.split('\n').filter((line) => line.trim() !== '' && !line.includes('level=warning'));
    throw new HomeportError(`The compose file is not valid: ${(words.at(-1) ?? told.outcome).trim()}`, {
      hint: `Run \`docker compose${compose.files.map((file) => ` -f ${file}`).join('')} config\` in ${workingDirectory} to see the same.`,
    });
  }
  const parsed = composeModelSchema.safeParse(tryParseJson(told.stdout));
  if (!parsed.success) {
    throw new HomeportError(
      `What \`docker compose config\` printed was not understood: ${parsed.error.issues[0]?.message}`,
      { hint: 'Please report it with the version of Compose.' },
    );
  }
  return { model: withoutAbsentDependencies(parsed.data), warnings: warningsIn(told.stderr) };
}

/**
 * `required: false` lets a service depend on one whose profile is off. Compose leaves the other one out of what it prints
 * and the dependency in, which it then refuses to read; where it was required, it has refused already.
 */
function withoutAbsentDependencies(model: ComposeModel): ComposeModel {
  for (const { depends_on: dependencies } of Object.values(model.services)) {
    for (const name of Object.keys(dependencies ?? {})) {
      if (model.services[name] === undefined) delete dependencies?.[name];
    }
  }
  return model;
}

/** `time="…" level=warning msg="The \"NAME\" variable is not set. Defaulting to a blank string."` */
function warningsIn(stderr: string): string[] {
  const found = [...stderr.matchAll(/level=warning msg=("(?:[^"\\]|\\.)*")/g)].map((match) =>
    tryParseJson(match[1] ?? ''),
  );
  const sentences = found.filter((text) => typeof text === 'string');
  // That `version` is obsolete is no news, and changes nothing.
  return [...new Set(sentences)].filter((text) => !text.includes('is obsolete'));
}
