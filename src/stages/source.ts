import { relative, resolve } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { known, type Source } from '../deployment/facts.ts';
import type { Project } from '../deployment/project.ts';
import { currentRelease } from '../deployment/release.ts';
import { isAnotherFolder } from '../deployment/same-folder.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { git, tryGit } from '../hosts/git.ts';
import { planMounts } from '../platforms/compose/mounts.ts';

/** Which commit is deployed, and what of it the containers will mount. */
export function sourceStage(
  project: Pick<Project, 'workingDirectory' | 'namedByRepository'>,
  branch: string | null,
): Stage {
  const { workingDirectory } = project;
  return {
    name: 'source',
    needs: ['preflight'],
    intent: 'find the commit; keep the repository files that containers mount',
    exitCode: exitCodes.aborted,
    looksOnly: true,
    run: async (context) => {
      const { host, facts, request, places } = context;
      const top = await tryGit(host, workingDirectory, ['rev-parse', '--show-toplevel', '--show-prefix']);
      if (!top.ok) {
        throw new HomeportError(`${workingDirectory} is not a git checkout: ${top.said}`, {
          hint: 'Check the repository out first (`actions/checkout`), or set `working-directory`.',
        });
      }
      const [root = '', prefix = ''] = top.stdout.split('\n');
      const [head, changes, symbolic] = await Promise.all([
        tryGit(host, root, ['log', '-1', '--format=%H%n%cI%n%h %s']),
        git(host, root, ['status', '--porcelain', '--untracked-files=no']),
        tryGit(host, root, ['symbolic-ref', '--short', '--quiet', 'HEAD']),
      ]);
      if (!head.ok) {
        throw new HomeportError(`The checkout ${root} has no commit yet.`, { hint: 'Commit what is to be deployed.' });
      }
      const [commit = '', committed = '', subject = ''] = head.stdout.split('\n');
      const changed = changes.trimEnd();
      if (changed !== '') {
        const names = changed.split('\n');
        throw new HomeportError(
          `The checkout has ${names.length} changed file${names.length === 1 ? '' : 's'} that no commit holds: ${names
            .slice(0, 5)
            .map((name) => name.trim())
            .join(', ')}.`,
          { hint: 'What runs must be what a commit says: commit the change, or undo it with `git restore`.' },
        );
      }
      facts.source = {
        root,
        workingDirectory: resolve(root, prefix),
        commit,
        committedAt: new Date(committed),
        branch: branch ?? (symbolic.ok ? symbolic.stdout.trim() : null),
      };
      context.say(`commit ${subject}`);
      if (project.namedByRepository) await checkName(context, facts.source);

      const mounts = await planMounts(host, {
        model: known(facts.model, 'model'),
        source: facts.source,
        persistentPaths: request['persistent-paths'],
        places,
      });
      if (mounts.problems.length > 0) {
        throw new HomeportError(mounts.problems.join(' '), {
          hint: 'For example `persistent-paths: data` keeps the folder `data` outside of every checkout.',
        });
      }
      facts.mounts = mounts;
    },
  };
}

/** In a repository with several projects, one that has no name of its own would take the containers of another away. */
async function checkName({ host, places, facts }: StageContext, source: Source): Promise<void> {
  const before = (await currentRelease(host.files, places))?.working_directory;
  if (before === undefined || before === places.root || !isAnotherFolder(before, source)) return;
  const folder = relative(source.root, source.workingDirectory) || 'the top of the repository';
  throw new HomeportError(
    `The project ${facts.project} has its name from the repository and was deployed from ${before} until now; this is ${folder}, whose deployment would remove the containers of that one.`,
    {
      hint: `Two projects of one repository need a name each: \`name:\` in the compose file, or the input \`project\`. If it is the same project in another folder, say \`project: ${facts.project}\`.`,
    },
  );
}
