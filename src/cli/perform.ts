import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { resolve } from 'node:path';
import { cancelOnSignals } from '../deployment/cancel.ts';
import { prepareFor } from '../deployment/commands.ts';
import type { Door } from '../deployment/door.ts';
import { perform } from '../deployment/perform.ts';
import { tryGit } from '../hosts/git.ts';
import { repositoryOfRemote } from '../hosts/github-remote.ts';
import { LocalHost } from '../hosts/local.ts';
import { Redactor } from '../hosts/redactor.ts';
import { chosenReporters } from '../reporters/chosen.ts';
import { LogReporter } from '../reporters/log.ts';
import { UnderWay } from '../reporters/under-way.ts';
import type { Request } from '../request/schema.ts';

/** The door that a person at a terminal, or a script, comes through. */
export async function cliDoor(request: Request, signal: AbortSignal): Promise<Door> {
  const terminal = process.stdout.isTTY === true;
  const redactor = new Redactor();
  return {
    triggeredBy: 'cli',
    who: `${userInfo().username} by homeport ${request.command}`,
    repository: request.environment === undefined ? null : await repositoryOf(request, redactor),
    branch: null,
    runUrl: null,
    signal,
    redactor,
    reporters: [
      new LogReporter({
        mode: terminal ? 'terminal' : 'plain',
        colour: terminal && process.env.NO_COLOR === undefined,
        write: (text) => process.stdout.write(text),
      }),
      ...(await chosenReporters(request)),
    ],
  };
}

/** The repository on GitHub, whose environment is to hear of it; `null` when the checkout came from elsewhere. */
async function repositoryOf(request: Request, redactor: Redactor): Promise<string | null> {
  const folder = resolve(request['working-directory']);
  if (!existsSync(folder)) return null;
  const remote = await tryGit(new LocalHost({ redactor }), folder, ['remote', 'get-url', 'origin']);
  return remote.ok ? repositoryOfRemote(remote.stdout, process.env.GITHUB_SERVER_URL || 'https://github.com') : null;
}

/** Performs a command that changes something, and gives what the process exits with. */
export async function performFromCli(request: Request): Promise<number> {
  const underWay = new UnderWay();
  const cancel = cancelOnSignals((line) => process.stderr.write(`${line}\n`), underWay);
  try {
    const plain = await cliDoor(request, cancel.signal);
    const door = { ...plain, reporters: [underWay, ...plain.reporters] };
    const { report, path } = await perform(request, door, prepareFor(request, door));
    process.stdout.write(`report: ${path ?? 'could not be written anywhere'}\n`);
    return report.exit_code;
  } finally {
    cancel.dispose();
  }
}
