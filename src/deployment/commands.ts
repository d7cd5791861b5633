import type { Request } from '../request/schema.ts';
import type { Door } from './door.ts';
import { exitCodes, HomeportError } from './error.ts';
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
  switch (request.command) {
    case 'rollback':
      return planRollback(request);
    case 'backup':
      return planBackup(request);
    case 'restore':
      if (request.file !== undefined) return planRestore(request.file);
      throw new HomeportError('`restore` needs the backup file.', {
        hint: 'Name it with `file`; `homeport status` tells where the backups are.',
        exitCode: exitCodes.invalid,
      });
    default:
      throw new Error(`${request.command} changes nothing`);
  }
}
