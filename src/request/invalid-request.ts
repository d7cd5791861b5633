import { exitCodes, HomeportError } from '../deployment/error.ts';
import { formatProblems, type RequestProblem } from './problems.ts';

/** The request can't be meant as it is. The message holds every problem, one a line, and no secret. */
export class InvalidRequestError extends HomeportError {
  readonly problems: readonly RequestProblem[];

  constructor(problems: readonly RequestProblem[]) {
    const count = problems.length === 1 ? 'has a problem' : `has ${problems.length} problems`;
    super(`The request ${count}:\n${formatProblems(problems).replaceAll(/^/gm, '  - ')}`, {
      hint: 'Correct it and start again. Nothing was touched.',
      exitCode: exitCodes.invalid,
    });
    this.name = 'InvalidRequestError';
    this.problems = problems;
  }
}
