import { stringify } from 'yaml';
import { listed, oneLine } from './write-settings.ts';

/** `.github/workflows/deploy.yml`: on a push to the branch, and by hand. */
export function writeWorkflow(facts: {
  branch: string;
  /** The working directory, `''` for the repository's top. */
  folder: string;
  /** Variables of the compose file that the repository's secrets have to give. */
  secrets: readonly string[];
}): string {
  const { branch, folder, secrets } = facts;
  const assignments = secrets.map((name) => `${name}='\${{ secrets.${name} }}'\n`).join('');
  const workflow = {
    name: 'Deploy',
    on: {
      push: { branches: [branch] },
      workflow_dispatch: {
        inputs: {
          command: {
            description: 'What to do',
            type: 'choice',
            options: ['deploy', 'plan', 'rollback', 'backup', 'status'],
            default: 'deploy',
          },
        },
      },
    },
    permissions: { contents: 'read' },
    concurrency: {
      group: folder === '' ? 'homeport' : `homeport-${folder.replaceAll(/[^\w.-]+/g, '-')}`,
      'cancel-in-progress': false,
    },
    jobs: {
      homeport: {
        'runs-on': 'self-hosted',
        'timeout-minutes': 30,
        steps: [
          { uses: 'actions/checkout@v5' },
          {
            uses: 'homeport-dev/homeport@v1',
            with: {
              command: "${{ inputs.command || 'deploy' }}",
              ...(folder === '' ? {} : { 'working-directory': folder }),
              ...(assignments === '' ? {} : { secrets: assignments }),
            },
          },
        ],
      },
    },
  };
  const head = [
    '# Written by `homeport init`: the machine that runs the project is the runner; what is deployed and how it is checked',
    `# stands in ${folder === '' ? '' : `${oneLine(folder)}/`}homeport.yml.`,
    ...listed('To be set under Settings, Secrets and variables, Actions:', secrets),
    ...(secrets.length === 0 ? ['# The compose file needs no variable that is not in the repository.'] : []),
  ];
  return `${head.join('\n')}\n${stringify(workflow, { lineWidth: 0 })}`;
}
