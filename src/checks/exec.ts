import type { ExecCheck } from '../request/schema.ts';
import { type Attempt, inEachContainer, judgeCommand } from './attempt.ts';
import type { CheckContext } from './check.ts';

/**
 * `docker exec` has no way to stop what it started: killing its client leaves the process in the container. So the
 * container's own `timeout`, where it has one, ends it a second after Homeport has stopped waiting.
 */
const script = 'if command -v timeout >/dev/null 2>&1; then exec timeout "$1" sh -c "$2"; fi; exec sh -c "$2"';

/**
 * A command in each container of the service, with the container's own user and environment and the release's secrets;
 * exit code 0 is good.
 */
export function tryExec(check: ExecCheck, context: CheckContext): Promise<Attempt> {
  const { service, command } = check.exec;
  return inEachContainer(service, context, async ({ id }) => {
    const seconds = String(Math.ceil(check.timeout / 1000) + 1);
    const inner = typeof command === 'string' ? ['sh', '-c', script, 'homeport', seconds, command] : command;
    // A name without a value is taken from the client's environment: no secret is in the argv.
    const variables = Object.keys(context.env).flatMap((name) => (name === 'PWD' ? [] : ['--env', name]));
    const result = await context.host.exec(['docker', 'exec', ...variables, id, ...inner], {
      env: context.env,
      timeout: check.timeout,
      signal: context.signal,
    });
    return judgeCommand(result, check.timeout);
  });
}
