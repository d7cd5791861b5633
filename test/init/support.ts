import { parse } from 'yaml';
import { planFiles } from '../../src/init/plan-files.ts';
import { lookAt } from '../../src/init/repository.ts';
import { parseRequest } from '../../src/request/parse-request.ts';
import type { Request } from '../../src/request/schema.ts';
import { checkout } from '../cli/support.ts';
import type { Layout } from './layouts.ts';

export interface Planned {
  readonly request: Request;
  readonly settings: string;
  /** As they are written, defaults left out. */
  readonly written: Record<string, unknown>;
  readonly workflow: string;
  readonly missing: string;
}

/** What `init` makes of a repository with these files, read by the parser of a deployment. */
export async function planned(
  layout: Layout,
  given: { folder?: string; composeFiles?: readonly string[]; project?: string } = {},
): Promise<Planned> {
  const { folder: root } = await checkout(layout);
  const folder = given.folder ?? '';
  const repository = await lookAt(`${root}/${folder}`);
  const { files, missing } = planFiles(repository, {
    composeFiles: given.composeFiles ?? [],
    project: given.project,
  });
  const settings = files[folder === '' ? 'homeport.yml' : `${folder}/homeport.yml`] ?? '';
  return {
    settings,
    written: parse(settings) ?? {},
    workflow: files['.github/workflows/deploy.yml'] ?? '',
    missing: missing.join('\n'),
    request: await parseRequest({
      door: {},
      doorName: 'flag',
      environment: {},
      readText: async (path) => (path === 'homeport.yml' ? settings : null),
    }),
  };
}
