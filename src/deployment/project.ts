import { existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { parseDocument } from 'yaml';
import { tryGit } from '../hosts/git.ts';
import type { Host } from '../hosts/host.ts';
import { type ComposeProject, configArgv } from '../platforms/compose/commands.ts';
import { composeModelSchema } from '../platforms/compose/model.ts';
import type { Request } from '../request/schema.ts';
import { exitCodes, HomeportError, messageOf } from './error.ts';

/** The Compose project that a request means. */
export interface Project {
  readonly name: string;
  /** Absolute, without symbolic links. */
  readonly workingDirectory: string;
  readonly compose: ComposeProject;
  /** Why it can't be deployed; preflight says so. Its name is a guess then. */
  readonly problem: HomeportError | null;
}

const composeNames = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];
const overrideNames = [
  'compose.override.yml',
  'compose.override.yaml',
  'docker-compose.override.yml',
  'docker-compose.override.yaml',
];

/** Lower case, and only what Compose allows; empty when nothing is left. */
export function normaliseProjectName(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9_-]/g, '')
    .replace(/^[_-]+/, '');
}

/** Throws `HomeportError` (invalid request) when there is no such folder. */
function resolveWorkingDirectory(request: Request): string {
  const path = resolve(request['working-directory']);
  if (!existsSync(path) || !statSync(path).isDirectory()) {
    throw new HomeportError(`\`working-directory\`: there is no folder ${path}.`, {
      hint: 'It is relative to the top of the workspace.',
      exitCode: exitCodes.invalid,
    });
  }
  return realpathSync(path);
}

async function repositoryName(host: Host, request: Request, repository: string | null): Promise<string> {
  if (request.project !== undefined) return request.project;
  const folder = resolve(request['working-directory']);
  const remote = existsSync(folder)
    ? await tryGit(host, folder, ['remote', 'get-url', 'origin'])
    : { ok: false, stdout: '' };
  const name = repository ?? (remote.ok ? remote.stdout.trim().replace(/\.git$/, '') : folder);
  return normaliseProjectName(basename(name.replace(/[:]/g, '/'))) || 'project';
}

/**
 * Finds the compose files by Compose's own search order and the project's name: `project`, else the files' own `name:`,
 * else the repository's. Never rejects: a problem is part of what comes back.
 */
export async function resolveProject(host: Host, request: Request, repository: string | null): Promise<Project> {
  try {
    return await findProject(host, request, repository);
  } catch (error) {
    const problem = error instanceof HomeportError ? error : new HomeportError(messageOf(error), { hint: '' });
    const name = await repositoryName(host, request, repository);
    const compose = { project: name, files: [], envFiles: [], profiles: [] };
    return { name, workingDirectory: resolve(request['working-directory']), compose, problem };
  }
}

/** The name alone, for what needs no compose file. */
export async function projectName(host: Host, request: Request, repository: string | null): Promise<string> {
  return request.project ?? (await resolveProject(host, request, repository)).name;
}

async function findProject(host: Host, request: Request, repository: string | null): Promise<Project> {
  const workingDirectory = resolveWorkingDirectory(request);
  const files =
    request['compose-file'].length > 0
      ? request['compose-file'].map((file) => resolve(workingDirectory, file))
      : searchComposeFiles(workingDirectory);
  const missing = files.filter((file) => !existsSync(file));
  if (missing.length > 0 || files.length === 0) {
    const what =
      files.length === 0
        ? `There is no compose file in ${workingDirectory}.`
        : `There is no compose file ${missing.join(', ')}.`;
    throw new HomeportError(what, {
      hint: 'Name it with `compose-file`, relative to `working-directory`; by itself Homeport looks for compose.yaml, compose.yml, docker-compose.yml and docker-compose.yaml.',
    });
  }
  const unnamed: Omit<ComposeProject, 'project'> = {
    files,
    envFiles: request['env-file'].map((file) => resolve(workingDirectory, file)),
    profiles: request.profiles,
    projectDirectory: dirname(files[0] ?? workingDirectory),
  };
  const name =
    request.project ??
    (files.some(hasName) ? await ownName(host, request, unnamed, workingDirectory) : null) ??
    (await repositoryName(host, request, repository));
  return { name, workingDirectory, compose: { ...unnamed, project: name }, problem: null };
}

/** As Compose does: the first standard name in the folder or above it, with its override. */
function searchComposeFiles(folder: string): string[] {
  for (let place = folder; ; place = dirname(place)) {
    const found = composeNames.map((name) => join(place, name)).find((path) => existsSync(path));
    if (found !== undefined) {
      const override = overrideNames.map((name) => join(place, name)).find((path) => existsSync(path));
      return override === undefined ? [found] : [found, override];
    }
    if (place === dirname(place)) return [];
  }
}

function hasName(file: string): boolean {
  const document = parseDocument(readFileSync(file, 'utf8'), { logLevel: 'silent' });
  return document.errors.length === 0 && document.has('name');
}

/** The name may hold variables, so that Compose is asked. A broken file is told by preflight, in full. */
async function ownName(
  host: Host,
  request: Request,
  unnamed: Omit<ComposeProject, 'project'>,
  workingDirectory: string,
): Promise<string | null> {
  const told = await host.exec(configArgv({ ...unnamed, project: null }), {
    cwd: workingDirectory,
    env: { ...request.secrets, PWD: workingDirectory },
    timeout: 60_000,
    record: false,
  });
  const model = composeModelSchema.safeParse(told.outcome === 'success' ? JSON.parse(told.stdout) : undefined);
  return model.success ? model.data.name : null;
}
