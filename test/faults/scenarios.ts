import type { Broken } from './small-project.ts';

/** What is under way when the fault comes. */
export const scenarios = ['deploy', 'bad', 'restore', 'rollback'] as const;
export type Scenario = (typeof scenarios)[number];

/** Of a scenario: what Homeport is asked for, and what of the version that it deploys does not work. */
export const scenarioFacts: Readonly<Record<Scenario, { words: readonly [string, ...string[]]; broken: Broken }>> = {
  deploy: { words: ['deploy'], broken: 'none' },
  /** Its smoke check says no, so that it rolls back by itself. */
  bad: { words: ['deploy'], broken: 'web' },
  /** And with the database as it was before. */
  restore: { words: ['deploy', '--rollback-database'], broken: 'web' },
  /** A person asks for the release before. */
  rollback: { words: ['rollback'], broken: 'none' },
};
