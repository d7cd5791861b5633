import { userCommand } from '../hosts/user-command.ts';
import type { RunCheck } from '../request/schema.ts';
import { type Attempt, judgeCommand } from './attempt.ts';
import type { CheckContext } from './check.ts';

/** A command on the host, in the working directory of the release; exit code 0 is good. */
export async function tryRun(check: RunCheck, context: CheckContext): Promise<Attempt> {
  const result = await context.host.exec(userCommand(check.run), {
    cwd: context.workingDirectory,
    env: context.env,
    timeout: check.timeout,
    signal: context.signal,
  });
  return judgeCommand(result, check.timeout);
}
