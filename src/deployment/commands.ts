import type { Request } from '../request/schema.ts';
import type { Door } from './door.ts';
import { exitCodes } from './error.ts';
import type { Prepare } from './perform.ts';
import { type Plan, planBackup, planDeployment, planRestore, planRollback } from './plan.ts';
import { projectName, resolveProject } from './project.ts';

/** What each command that changes something is made of. */
export function prepareFor(request: Request, door: Pick<Door, 'repository' | 'branch'>): Prepare {
  return async (host) => {
    if (request.command === 'deploy') {
      const project = await resolveProject(host, request, door.repository);
      const invalid = project.problem?.exitCode === exitCodes.invalid ? project.problem : null;
      return { name: project.name, plan: planDeployment(request, project, door.branch), invalid };
    }
    return { name: await projectName(host, request, door.repository), plan: planOf(request) };
  };
}

function planOf(request: Request): Plan {
  if (request.command === 'rollback') return planRollback(request);
  if (request.command === 'backup') return planBackup(request);
  // The door has refused a restore without a file.
  if (request.command === 'restore' && request.file !== undefined) return planRestore(request.file);
  throw new Error(`${request.command} changes nothing`);
}
