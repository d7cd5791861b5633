import { resolve } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import type { Stage } from '../deployment/stage.ts';
import { git, tryGit } from '../hosts/git.ts';
import { planMounts } from '../platforms/compose/mounts.ts';

/** Which commit is deployed, and what of it the containers will mount. */
export function sourceStage(workingDirectory: string, branch: string | null): Stage {
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
