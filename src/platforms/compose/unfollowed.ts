import { readEnvFiles } from '../../request/env-files.ts';
import type { Request } from '../../request/schema.ts';
import { textOrNull } from '../../request/text-or-null.ts';
import type { ComposeProject } from './commands.ts';

/**
 * Compose would let the environment and `.env` choose another project or other files than the request says. That is not
 * followed, and said: a sentence for people each.
 */
export async function unfollowedVariables(
  request: Request,
  compose: Omit<ComposeProject, 'project'>,
  project: string,
): Promise<string[]> {
  const inFiles = await readEnvFiles({
    files: compose.envFiles,
    workingDirectory: compose.projectDirectory ?? '.',
    lookup: (name) => process.env[name],
    readText: textOrNull,
  });
  const value = (name: string): string => process.env[name] || inFiles.get(name) || '';
  const warnings: string[] = [];
  const otherProject = value('COMPOSE_PROJECT_NAME');
  if (request.project === undefined && otherProject !== '' && otherProject !== project) {
    warnings.push(
      `COMPOSE_PROJECT_NAME is ${otherProject}, which Homeport does not follow: it acts on the project ${project}. Set \`project: ${otherProject}\` if that one is meant.`,
    );
  }
  const otherFiles = value('COMPOSE_FILE');
  if (request['compose-file'].length === 0 && otherFiles !== '') {
    warnings.push(
      `COMPOSE_FILE is ${otherFiles}, which Homeport does not follow: it reads ${compose.files.join(', ')}. Name the files in \`compose-file\` if others are meant.`,
    );
  }
  return warnings;
}
