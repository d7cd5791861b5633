/** The action's outputs, in the order of the tables that are made from them. */
export const outputs = {
  status: '`success`, `partial_success`, `failed`, `aborted` or `rolled_back`; the step fails for all but `success`',
  phase: 'the stage that it ended in: `promote` when all went well, else the one that said no',
  'exit-code':
    'what the CLI exits with: 0 success, 1 gate, 2 build, 3 deploy, 4 smoke, 6 critical, 7 aborted, 64 invalid',
  release: 'ID of the release that this deployment made, or tried to make; empty when a gate said no before',
  'previous-release':
    'ID of the good release that ran before, and runs again after a failure; empty on a first deployment',
  commit: 'the commit that was deployed; after `rollback`, that of the release it went to',
  coverage: 'percent of lines that the tests cover; empty when there is no report',
  backup: 'path of the backup file on the host; one a line when there are several',
  'systems-deployed': 'JSON list of the targets that run the release',
  'duration-seconds': 'how long it took',
  report: 'path of the JSON report',
} as const;

export type OutputName = keyof typeof outputs;
