/** Which Compose project is meant: the words that stand before each subcommand. */
export interface ComposeProject {
  /** `null`: by the files' own `name:`. */
  readonly project: string | null;
  readonly files: readonly string[];
  readonly envFiles: readonly string[];
  readonly profiles: readonly string[];
  /** Set where the files don't stand in the working directory: the rendered file of a release. */
  readonly projectDirectory?: string;
}

type Argv = [string, ...string[]];

/** `docker compose …` for a project: an argv, never a shell's line. */
export function compose(project: ComposeProject, ...words: string[]): Argv {
  return [
    'docker',
    'compose',
    ...(project.project === null ? [] : ['--project-name', project.project]),
    ...(project.projectDirectory === undefined ? [] : ['--project-directory', project.projectDirectory]),
    ...project.files.flatMap((file) => ['--file', file]),
    ...project.envFiles.flatMap((file) => ['--env-file', file]),
    ...project.profiles.flatMap((profile) => ['--profile', profile]),
    ...words,
  ];
}

export function configArgv(project: ComposeProject): Argv {
  return compose(project, 'config', '--format', 'json');
}

export function buildArgv(project: ComposeProject, services: readonly string[]): Argv {
  return compose(project, 'build', ...services);
}

export function upArgv(project: ComposeProject, services: readonly string[]): Argv {
  return compose(project, 'up', '--detach', '--no-build', '--pull', 'never', ...services);
}

/** The named variables are taken from the environment of `docker compose` itself, so that no value is in the argv. */
export function runOnceArgv(
  project: ComposeProject,
  service: string,
  options: { name: string; command: readonly string[]; variables: readonly string[] },
): Argv {
  const variables = options.variables.flatMap((name) => ['--env', name]);
  const once = ['run', '--rm', '--no-deps', '--no-TTY', '--name', options.name];
  return compose(project, ...once, ...variables, service, ...options.command);
}

/** A line each: ID, name, state, service, and whether `docker compose run` made it. */
export function containersArgv(project: string): Argv {
  const label = (name: string) => `{{.Label "com.docker.compose.${name}"}}`;
  const format = ['{{.ID}}', '{{.Names}}', '{{.State}}', label('service'), label('oneoff')].join('\t');
  const filter = `label=com.docker.compose.project=${project}`;
  return ['docker', 'ps', '--all', '--no-trunc', '--filter', filter, '--format', format];
}
