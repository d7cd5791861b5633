import { formatPath, type RequestProblem } from './problems.ts';
import type { Request, RequestKey } from './schema.ts';
import { holdsSecret, secretsFrom } from './secret-values.ts';

/** The sources by precedence, key by key: which one says it, and the value where that is well-formed. */
export interface Settled {
  source: (key: RequestKey) => string | null;
  value: <K extends RequestKey>(key: K) => Request[K] | undefined;
}

/** What is well-formed key by key and makes no sense together. */
export function impossibleCombinations(settled: Settled): RequestProblem[] {
  return [
    ...telegram(settled),
    ...others(settled),
    ...telegramCheck(settled),
    ...commands(settled),
    ...backup(settled),
    ...secretBuildArgs(settled),
  ];
}

function needs(settled: Settled, key: RequestKey, expected: string): RequestProblem {
  return { key, source: settled.source(key), value: null, expected, suggestion: null };
}

function telegram(settled: Settled): RequestProblem[] {
  const given = (key: RequestKey) => settled.source(key) !== null;
  const problems: RequestProblem[] = [];
  // A bot that is only asked whether it answers has no use for a chat.
  if (given('telegram-token') && !given('telegram-chat') && telegramCheckAt(settled) === -1) {
    problems.push(needs(settled, 'telegram-token', '`telegram-chat` beside it, the chat to write to'));
  }
  if (given('telegram-chat') && !given('telegram-token')) {
    problems.push(needs(settled, 'telegram-chat', "`telegram-token` beside it, the bot's token"));
  }
  if (given('telegram-thread') && !given('telegram-chat') && !given('telegram-token')) {
    problems.push(needs(settled, 'telegram-thread', '`telegram-token` and `telegram-chat` beside it'));
  }
  return problems;
}

function others(settled: Settled): RequestProblem[] {
  const given = (key: RequestKey) => settled.source(key) !== null;
  const problems: RequestProblem[] = [];
  // One that stands in homeport.yml must not keep a person at the host, who has no token, from a rollback.
  const byDoor = ['input', 'flag'].includes(settled.source('environment') ?? '');
  if (byDoor && !given('github-token')) {
    problems.push(needs(settled, 'environment', '`github-token` beside it, for the GitHub Deployment'));
  }
  if (given('environment-url') && !given('environment') && !given('registry-url')) {
    problems.push(needs(settled, 'environment-url', '`environment` or `registry-url` beside it'));
  }
  if (given('webhook-secret') && !given('webhook-url')) {
    problems.push(needs(settled, 'webhook-secret', '`webhook-url` beside it, where the signed report goes'));
  }
  return problems;
}

/** Which of the smoke checks asks the bot; -1 where none does. */
function telegramCheckAt(settled: Settled): number {
  return settled.value('smoke')?.findIndex((check) => 'telegram' in check) ?? -1;
}

/** Only where the checks are run: what is recorded with a release has no use for the token of this request. */
function telegramCheck(settled: Settled): RequestProblem[] {
  const command = settled.value('command');
  if ((command !== 'deploy' && command !== 'plan') || settled.source('telegram-token') !== null) return [];
  const at = telegramCheckAt(settled);
  if (at === -1) return [];
  const problem = needs(settled, 'smoke', "`telegram-token` beside it, the bot's token");
  return [{ ...problem, key: formatPath(['smoke', at, 'telegram']) }];
}

function commands(settled: Settled): RequestProblem[] {
  const command = settled.value('command');
  if (command === undefined) return [];
  const problems: RequestProblem[] = [];
  if (command === 'restore' && settled.source('file') === null) {
    problems.push(needs(settled, 'file', 'the backup file that `command: restore` is to restore'));
  }
  const encrypted = command === 'restore' && settled.value('file')?.endsWith('.age') === true;
  if (encrypted && settled.source('backup-identity') === null) {
    const identity = '`backup-identity` beside it: the file is encrypted (`--backup-identity-file F`)';
    problems.push(needs(settled, 'file', identity));
  }
  for (const [key, owner] of [
    ['file', 'restore'],
    ['to', 'rollback'],
  ] as const) {
    if (settled.source(key) === null || command === owner) continue;
    const expected = `\`${key}\` to be left out: it belongs to \`${owner}\`, and the command is \`${command}\``;
    problems.push(needs(settled, key, expected));
  }
  return problems;
}

function backup(settled: Settled): RequestProblem[] {
  const entries = settled.value('backup');
  const nothing = entries === 'none' || (Array.isArray(entries) && entries.length === 0);
  if (!nothing) return [];
  return (['backup-required', 'rollback-database'] as const)
    .filter((key) => settled.value(key) === true)
    .map((key) => needs(settled, key, 'something to back up: `backup` is `none`'));
}

/** Build arguments stay readable in the image's history. */
function secretBuildArgs(settled: Settled): RequestProblem[] {
  const secrets = secretsFrom((key) => settled.value(key));
  return Object.entries(settled.value('build-args') ?? {})
    .filter(([, value]) => holdsSecret(value, secrets))
    .map(([name]) => ({
      key: formatPath(['build-args', name]),
      source: settled.source('build-args'),
      value: null,
      expected:
        'no secret, since build arguments stay readable in the image: use a Compose build secret (`build: secrets:` with `environment:`) and `RUN --mount=type=secret`',
      suggestion: null,
    }));
}
