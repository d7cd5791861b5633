import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { makeProject, type Project } from './project.ts';

/** A copy of `examples/<name>`, committed in a git repository of its own, without the versions in `demo/`. */
export async function exampleProject(name: string): Promise<Project> {
  const project = await makeProject({ name, files: {} });
  const source = sourceOf(name);
  // What a person has lying around in there is not part of it.
  const left = new Set(['demo', '.env', 'node_modules', '__pycache__', '.venv', '.pytest_cache']);
  await cp(source, project.checkout, {
    recursive: true,
    filter: (path) =>
      !path
        .slice(source.length)
        .split('/')
        .some((part) => left.has(part)),
  });
  await project.commit(`Copy examples/${name}`);
  return project;
}

/** Lays one of the example's other versions over it, and commits that. */
export async function changeTo(project: Project, example: string, version: string): Promise<void> {
  await cp(join(sourceOf(example), 'demo', version), project.checkout, { recursive: true });
  await project.commit(`Change to ${version}`);
}

function sourceOf(example: string): string {
  return fileURLToPath(new URL(`../../examples/${example}/`, import.meta.url));
}
