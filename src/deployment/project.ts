import { existsSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { tryGit } from '../hosts/git.ts';
import type { Host } from '../hosts/host.ts';
import type { ComposeProject } from '../platforms/compose/commands.ts';
import { hasName, plainName, searchComposeFiles } from '../platforms/compose/find-files.ts';
import type { ComposeModel } from '../platforms/compose/model.ts';
import { readModel } from '../platforms/compose/read-model.ts';
import { unfollowedVariables } from '../platforms/compose/unfollowed.ts';
import type { Request } from '../request/schema.ts';
import { asHomeportError, exitCodes, HomeportError } from './error.ts';
import { unknownServices } from './named-services.ts';
import { secretBuildArgs } from './secret-build-args.ts';

/** The Compose project that a request means. */
export interface Project {
  readonly name: string;
  /** Absolute, without symbolic links. */
  readonly workingDirectory: string;
  readonly model: ComposeModel;
  /** Where Compose looks for values, absolute; later ones win. */
  readonly envFiles: readonly string[];
  /** Neither the request nor a compose file says its name: the repository's was taken. */
  readonly namedByRepository: boolean;
  /** Sentences for people on what Compose warned of, and on what of its environment is not followed. */
  readonly warnings: readonly string[];
  /** Why it can't be deployed; preflight says so. Its name may be a guess then. */
  readonly problem: HomeportError | null;
}

/** Lower case, and only what Compose allows; empty when nothing is left. */
export function normaliseProjectName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

/**
 * Finds the compose files by Compose's own search order, reads them, and finds the project's name: `project`, else the
 * files' own `name:`, else the repository's. Never rejects: a problem is part of what comes back, with the exit code 64
 * where the request asks for something that isn't there.
 */
export async function resolveProject(host: Host, request: Request, repository: string | null): Promise<Project> {
  const name = async () => request.project ?? (await repositoryName(host, request, repository));
  let written: string | null = null;
  try {
    const { workingDirectory, compose } = locate(request);
    written = plainName(compose.files);
    // Where a file says the name it may hold variables, so that Compose is asked.
    const given = request.project === undefined && compose.files.some(hasName) ? null : await name();
    const read = await readModel(host, {
      compose: { ...compose, project: given },
      workingDirectory,
      environment: request.secrets,
    });
    const found = given ?? read.model.name;
    return {
      name: found,
      workingDirectory,
      model: read.model,
      envFiles: envFilesOf(compose, workingDirectory),
      namedByRepository: request.project === undefined && given !== null,
      warnings: [...read.warnings, ...(await unfollowedVariables(request, compose, found))],
      problem: unknownServices(request, read.model) ?? secretBuildArgs(request, read.model),
    };
  } catch (error) {
    const problem = asHomeportError(error);
    // A broken file must not make this about another project than the one that runs.
    const guess = request.project ?? (normaliseProjectName(written ?? '') || (await name()));
    return {
      name: guess,
      workingDirectory: resolve(request['working-directory']),
      model: { name: guess, services: {} },
      envFiles: [],
      namedByRepository: false,
      warnings: [],
      problem,
    };
  }
}

/** The name alone, for what needs no compose file. Throws `HomeportError` when there is no working directory. */
export async function projectName(host: Host, request: Request, repository: string | null): Promise<string> {
  if (request.project !== undefined) return request.project;
  resolveWorkingDirectory(request);
  return (await resolveProject(host, request, repository)).name;
}

/** Throws `HomeportError`: as an invalid request where it names a folder or a file that isn't there. */
function locate(request: Request): { workingDirectory: string; compose: Omit<ComposeProject, 'project'> } {
  const workingDirectory = resolveWorkingDirectory(request);
  const named = request['compose-file'].map((file) => resolve(workingDirectory, file));
  const missing = named.filter((file) => !existsSync(file));
  const files = named.length > 0 ? named : searchComposeFiles(workingDirectory);
  const [first] = files;
  if (first === undefined || missing.length > 0) {
    const what = missing.length > 0 ? missing.join(', ') : `in ${workingDirectory}`;
    throw new HomeportError(`There is no compose file ${what}.`, {
      hint: 'Name it with `compose-file`, relative to `working-directory`; by itself Homeport looks for compose.yaml, compose.yml, docker-compose.yml and docker-compose.yaml.',
      ...(missing.length > 0 ? { exitCode: exitCodes.invalid } : {}),
    });
  }
  const compose = {
    files,
    envFiles: request['env-file'].map((file) => resolve(workingDirectory, file)),
    profiles: request.profiles,
    projectDirectory: dirname(first),
  };
  return { workingDirectory, compose };
}

/** As Compose does: the named ones, else `.env` beside the first compose file. */
function envFilesOf(compose: Omit<ComposeProject, 'project'>, workingDirectory: string): readonly string[] {
  if (compose.envFiles.length > 0) return compose.envFiles;
  return [join(compose.projectDirectory ?? workingDirectory, '.env')];
}

function resolveWorkingDirectory(request: Request): string {
  const path = resolve(request['working-directory']);
  if (existsSync(path) && statSync(path).isDirectory()) return realpathSync(path);
  throw new HomeportError(`\`working-directory\`: there is no folder ${path}.`, {
    hint: 'Name one that is there; it is relative to the top of the workspace, or to where you are.',
    exitCode: exitCodes.invalid,
  });
}

async function repositoryName(host: Host, request: Request, repository: string | null): Promise<string> {
  const folder = resolve(request['working-directory']);
  const remote = existsSync(folder)
    ? await tryGit(host, folder, ['remote', 'get-url', 'origin'])
    : { ok: false, stdout: '' };
  const name = repository ?? (remote.ok ? remote.stdout.trim().replace(/\.git\/?$/, '') : folder);
  return normaliseProjectName(basename(name.replace(/[:]/g, '/'))) || 'project';
}
