import { parseDotenv } from '../request/dotenv.ts';
import { composeText, type Service } from './compose-services.ts';
import { folderOf, type Repository } from './repository.ts';

export interface VariablesPlan {
  /** Variables of the compose file that nothing in the repository gives a value. */
  readonly secrets: readonly string[];
  readonly missing: readonly string[];
}

/** What the runner or the shell sets, or Compose itself. */
const given =
  /^(GITHUB_|RUNNER_|COMPOSE_|DOCKER_|ACTIONS_)|^(HOME|PWD|USER|UID|GID|PATH|HOSTNAME|SHELL|CI|TMPDIR|BUILD_DATE|VCS_REF|SOURCE_DATE_EPOCH)$/;

export function planVariables(
  repository: Repository,
  files: readonly string[],
  services: readonly Service[],
): VariablesPlan {
  const committed = parseDotenv(repository.read(`${folderOf(files[0] ?? '')}/.env`.replace(/^\//, '')) ?? '', null);
  const known = new Set(committed.entries.map(({ name }) => name));
  const used = [...composeText(repository, files).matchAll(/\$\$|\$(?:\{(\w+)(:?[-+])?|([A-Za-z_]\w*))/g)];
  const names = used.flatMap(([, braced, hasDefault, plain]) =>
    hasDefault === undefined ? (braced ?? plain ?? []) : [],
  );
  const envFiles = new Set(services.flatMap((service) => service.envFiles).filter((path) => !repository.has(path)));
  return {
    secrets: [...new Set(names)]
      .filter((name) => /^[A-Za-z_]/.test(name) && !known.has(name) && !given.test(name))
      .sort(),
    missing: [...envFiles].map(
      (path) =>
        `the file ${path}, which \`env_file\` of the compose file names: a checkout has none, so write it in a step before, or make it \`required: false\``,
    ),
  };
}
