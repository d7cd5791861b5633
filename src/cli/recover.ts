import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import { recoverProject } from '../deployment/perform.ts';
import { placesOf } from '../deployment/places.ts';
import { stateDirectoryOf } from '../deployment/state-directory.ts';
import { LocalFiles } from '../hosts/local-files.ts';
import type { Request } from '../request/schema.ts';
import { cliDoor } from './perform.ts';

/**
 * `homeport recover`: brings to its end what a killed Homeport left, of one project or of all in the state folder. Gives
 * 0 when nothing was to do or a good release runs, 6 when not.
 */
export async function recoverFromCli(request: Request): Promise<number> {
  const projects = request.project === undefined ? await allProjects(request) : [request.project];
  const write = (text: string) => process.stdout.write(`${text}\n`);
  if (projects.length === 0) write('There is nothing to recover: no project is in the state folder.');
  let exitCode: number = exitCodes.success;
  for (const project of projects) {
    try {
      // A recovery is never cut short: it takes as long as bringing one release back.
      const door = await cliDoor(request, new AbortController().signal);
      const recovered = await recoverProject(request, door, project, (line) => write(`${project}: ${line}`));
      if (recovered === null) write(`${project}: nothing to recover`);
      else write(`report: ${recovered.reportPath}`);
      if (recovered?.good === false) exitCode = exitCodes.critical;
    } catch (error) {
      process.stderr.write(`${project}: ${messageOf(error)}\n`);
      if (error instanceof HomeportError) process.stderr.write(`${error.hint}\n`);
      exitCode = exitCodes.critical;
    }
  }
  return exitCode;
}

async function allProjects(request: Request): Promise<string[]> {
  const files = new LocalFiles();
  const root = stateDirectoryOf(request, process.env);
  const names = (await files.list(root)).filter(({ kind }) => kind === 'folder').map(({ name }) => name);
  const found: string[] = [];
  for (const name of names) if ((await files.stat(placesOf(root, name).journal)) !== null) found.push(name);
  return found;
}
