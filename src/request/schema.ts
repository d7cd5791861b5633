import { z } from 'zod';
import { ageIdentities, ageRecipients } from './age-keys.ts';
import { backupEntries, backupExpected } from './backup-entry.ts';
import { budgets } from './budget-entry.ts';
import { smokeEntry } from './smoke-entry.ts';
import { testSuites } from './test-suite.ts';
import {
  assignments,
  choice,
  commands,
  duration,
  flag,
  list,
  number,
  registryUrl,
  size,
  structured,
  text,
  timeLimit,
  wait,
  webUrl,
  wholeNumber,
} from './value-types.ts';

export type { BackupEntry, BackupKind } from './backup-entry.ts';
export type { Budget } from './budget-entry.ts';
export type {
  DatabaseCheck,
  ExecCheck,
  HttpCheck,
  ResourcesCheck,
  RunCheck,
  SmokeCheck,
  TcpCheck,
  TelegramCheck,
} from './smoke-entry.ts';
export { smokeKinds } from './smoke-entry.ts';
export type { TestSuite } from './test-suite.ts';

/*
 * The one list of what can be asked for. The action's inputs, homeport.yml and the CLI's flags are its readers; the
 * README's table and action.yml are made from it.
 */

export const commandNames = ['deploy', 'plan', 'rollback', 'backup', 'restore', 'status'] as const;

/** What people read about a key: the README's table and `action.yml` are made from it. */
export interface KeyDocs {
  /** The default as people write it; absent where there is none. */
  readonly default?: string;
  readonly meaning: string;
  /** How people write the value; a plain text where absent. `lines` are `NAME=value`, `yaml` is a map or a list. */
  readonly form?: 'flag' | 'list' | 'lines' | 'yaml';
  /** Never a flag's value: `HOMEPORT_<NAME>` or `--<name>-file`. */
  readonly secret?: true;
}

const docsBySchema = new Map<z.ZodType, KeyDocs>();

/** Each schema is one key's own. Not by `meta`, which makes a copy: a good part of the time that `--help` takes. */
function key<T extends z.ZodType>(schema: T, docs: KeyDocs): T {
  if (docsBySchema.has(schema)) throw new Error('the schema of another key');
  docsBySchema.set(schema, docs);
  return schema;
}

export const requestShape = {
  command: key(choice(commandNames).default('deploy'), {
    default: 'deploy',
    meaning:
      '`deploy`, `plan` (changes nothing, prints what would happen), `rollback`, `backup`, `restore` or `status`',
  }),
  project: key(text.regex(/^[a-z0-9][a-z0-9_-]*$/, 'lower-case letters, digits, `-` and `_`').optional(), {
    default: "the compose file's `name:`, else the repository's name",
    meaning: 'Compose project name; also the name of the state folder',
  }),
  'working-directory': key(text.default('.'), { default: '.', meaning: 'where the compose file and the commands are' }),
  'compose-file': key(list.default([]), {
    form: 'list',
    default: "Compose's own search order",
    meaning: 'one or more files, one a line, later ones override',
  }),
  profiles: key(list.default([]), {
    form: 'list',
    default: 'none',
    meaning: 'Compose profiles to switch on, one a line',
  }),
  services: key(list.default([]), {
    form: 'list',
    default: 'all',
    meaning: 'services to deploy, one a line, with what they depend on',
  }),
  'env-file': key(list.default([]), {
    form: 'list',
    default: '`.env` if there',
    meaning: 'env files for Compose, one a line',
  }),
  secrets: key(assignments.default({}), {
    form: 'lines',
    default: 'none',
    meaning:
      "dotenv lines: environment for Compose's interpolation, `tests`, `migrate` and smoke commands; masked, stored 0600, never on a command line, never in a log",
    secret: true,
  }),
  config: key(text.optional(), {
    default: '`homeport.yml` if there',
    meaning: 'settings file, relative to `working-directory`',
  }),
  'state-directory': key(text.optional(), {
    default: '`/var/lib/homeport` for root, else `$XDG_STATE_HOME/homeport`',
    meaning: 'where releases, backups, the journal and logs live',
  }),
  'persistent-paths': key(list.default([]), {
    form: 'list',
    default: 'none',
    meaning:
      'paths in the repository that hold data (`data`, or `data=/srv/mundus/data`): they live outside releases and survive every checkout, deploy and rollback',
  }),
  backup: key(z.union([choice(['auto', 'none']), structured(backupEntries)], backupExpected).default('auto'), {
    form: 'yaml',
    default: 'auto',
    meaning:
      '`auto` finds PostgreSQL, MariaDB, MySQL, Redis and Valkey services in the Compose model; `none`; or a YAML list of `{service, kind, database, user, path, while, command}` with the kinds `postgres`, `mariadb` (MySQL too), `redis` (Valkey too), `sqlite`, `volume` and `command`',
  }),
  'backup-required': key(flag.default(false), {
    form: 'flag',
    default: 'false',
    meaning:
      '`true` stops the deployment when a backup fails; otherwise it goes on with a loud warning in every report',
  }),
  'backup-verify': key(choice(['restore', 'read', 'none']).default('restore'), {
    default: 'restore',
    meaning: '`restore` into a scratch database and compare, `read` the archive, or `none`',
  }),
  'backup-keep': key(duration.default(7 * 86_400_000), {
    default: '7d',
    meaning: 'older backups go, only after a verified new one, and never the last verified one',
  }),
  'backup-encrypt-to': key(ageRecipients.default([]), {
    form: 'list',
    default: 'none',
    meaning: 'age recipients (`age1…`), one a line: verified backups are encrypted to them, and kept encrypted only',
  }),
  'backup-identity': key(ageIdentities.optional(), {
    default: 'none',
    meaning: 'for `restore` of an encrypted backup: the text of an age identity file of one of its recipients',
    secret: true,
  }),
  tests: key(testSuites.default([]), {
    form: 'yaml',
    default: 'none',
    meaning: 'YAML `name: command`, or `name: {command, timeout}`, run in order',
  }),
  'test-report': key(list.default([]), {
    form: 'list',
    default: 'none',
    meaning:
      'files or globs, one a line: JUnit XML that the tests write, read for how many there were and which of them failed; it never changes the verdict',
  }),
  'coverage-report': key(list.default(['auto']), {
    form: 'list',
    default: 'auto',
    meaning:
      'files or globs, one a line: lcov, Cobertura, Clover, JaCoCo, Istanbul JSON, json-summary, coverage.py JSON or Go coverprofile; `auto` looks in the usual places',
  }),
  'coverage-minimum': key(number(0, 100, 'a percentage from 0 to 100').optional(), {
    default: 'none',
    meaning: 'percent of lines (Go: of statements); a missing, empty or unreadable report fails the gate',
  }),
  budgets: key(budgets.default([]), {
    form: 'yaml',
    default: 'none',
    meaning:
      'YAML `name: {command, maximum}`: after the tests each command prints a number (tokens spent, say); above its maximum the deployment stops',
  }),
  'skip-tests': key(flag.default(false), {
    form: 'flag',
    default: 'false',
    meaning: '`true` runs no tests, no coverage gate and no budgets, which every report says out loud',
  }),
  build: key(flag.default(true), {
    form: 'flag',
    default: 'true',
    meaning:
      "`docker compose build` into this release's own tags, with `BUILD_DATE`, `SOURCE_DATE_EPOCH` (the commit's own date) and `VCS_REF`; the image names in the compose file move only at `promote`",
  }),
  'build-args': key(assignments.default({}), {
    form: 'lines',
    default: 'none',
    meaning:
      '`NAME=value` lines; a value that is a known secret is refused: Compose build secrets are the way for those',
  }),
  migrate: key(commands.default([]), {
    form: 'yaml',
    default: 'none',
    meaning:
      'YAML `service: command`, run once per deployment in the new image with the new environment, before the new version takes traffic',
  }),
  'start-timeout': key(timeLimit.default(120_000), {
    default: '2m',
    meaning: 'every new container must be ready by then',
  }),
  'startup-wait': key(wait.default(10_000), {
    default: '10s',
    meaning: 'how long new containers must stay up without a restart (watched while smoke runs, not slept)',
  }),
  smoke: key(structured(z.array(smokeEntry, 'a YAML list of checks')).default([]), {
    form: 'yaml',
    default: 'health of every container',
    meaning:
      'YAML list of checks: `http`, `exec`, `run`, `tcp`, `database`, `telegram` and `resources`; the README has an example of each',
  }),
  'rollback-on-failure': key(flag.default(true), {
    form: 'flag',
    default: 'true',
    meaning: '`false` leaves a failed release running for a person to look at',
  }),
  'rollback-database': key(flag.default(false), {
    form: 'flag',
    default: 'false',
    meaning: '`true`: writers stop before the last backup, and a rollback restores it',
  }),
  'keep-releases': key(wholeNumber(1, 1000, 'a whole number from 1 to 1000').default(5), {
    default: '5',
    meaning: 'with `keep-releases-for`: a release is kept while either holds; the running and the last good one always',
  }),
  'keep-releases-for': key(duration.default(7 * 86_400_000), {
    default: '7d',
    meaning: 'how long a release is kept at least, see `keep-releases`',
  }),
  timeout: key(timeLimit.default(600_000), { default: '10m', meaning: 'how long the whole deployment may take' }),
  'lock-timeout': key(wait.default(900_000), {
    default: '15m',
    meaning: 'how long to wait for another deployment of the same project',
  }),
  'minimum-free-disk': key(size.default(10 * 2 ** 30), {
    default: '10GiB',
    meaning: 'free where Docker keeps its data; the state folder needs what this deployment is estimated to write',
  }),
  to: key(text.optional(), {
    default: 'the last good release before the running one',
    meaning: 'the release that `rollback` goes to',
  }),
  file: key(text.optional(), { default: 'none', meaning: 'the backup file that `restore` restores' }),
  summary: key(flag.default(true), { form: 'flag', default: 'true', meaning: 'write the job summary' }),
  'telegram-token': key(text.optional(), { default: 'none', meaning: "the bot's token", secret: true }),
  'telegram-chat': key(z.union([text, z.int().transform(String)], 'a chat ID such as `-1001234567890`').optional(), {
    default: 'none',
    meaning: 'the chat to write to',
  }),
  'telegram-thread': key(wholeNumber(1, 2 ** 31, 'a whole number').optional(), {
    default: 'none',
    meaning: 'the number of the topic in that chat',
  }),
  'telegram-api-url': key(webUrl('https://api.telegram.org').default('https://api.telegram.org'), {
    default: 'https://api.telegram.org',
    meaning: 'for a self-hosted Bot API server',
  }),
  notify: key(choice(['always', 'failure', 'never']).default('always'), {
    default: 'always',
    meaning: 'when to write to Telegram: `always`, `failure` or `never`',
  }),
  environment: key(text.max(255, 'a name of at most 255 characters').optional(), {
    default: 'none',
    meaning: "the environment of a GitHub Deployment, which shows this deployment on the repository's page",
  }),
  'environment-url': key(webUrl('https://shop.example.org').optional(), {
    default: 'none',
    meaning: 'where people find what was deployed; shown with the GitHub Deployment, told to the service registry',
  }),
  'github-token': key(text.optional(), {
    default: 'none',
    meaning:
      'for the GitHub Deployment: `github.token` of a job with `permissions: {contents: read, deployments: write}`',
    secret: true,
  }),
  'webhook-url': key(webUrl('https://hooks.example.org/deployments').optional(), {
    default: 'none',
    meaning: 'gets the JSON report by `POST` at the end, whatever came out',
    secret: true,
  }),
  'webhook-secret': key(text.optional(), {
    default: 'none',
    meaning: 'signs that report: `X-Homeport-Signature-256: sha256=<HMAC-SHA256 of the body>`',
    secret: true,
  }),
  'metrics-file': key(
    text.regex(/[^/]\.prom$/, 'a path that ends in `.prom`, which is what node_exporter reads').optional(),
    {
      default: 'none',
      meaning: "Prometheus textfile for node_exporter's collector, one file a project; relative to `working-directory`",
    },
  ),
  'registry-url': key(registryUrl.optional(), {
    default: 'none',
    meaning: 'service registry: a release that went well is told to it by `POST <url>/register`',
  }),
} satisfies Record<string, z.ZodType>;

export const requestSchema = z.strictObject(requestShape);
export type Request = z.output<typeof requestSchema>;
export type RequestKey = keyof Request;

export const requestKeys = Object.keys(requestShape) as readonly RequestKey[];

export function isRequestKey(name: string): name is RequestKey {
  return Object.hasOwn(requestShape, name);
}

export function docsOf(name: RequestKey): KeyDocs {
  const docs = docsBySchema.get(requestShape[name]);
  if (docs === undefined) throw new Error(`the key ${name} has no docs`);
  return docs;
}

export const secretKeys = requestKeys.filter((name) => docsOf(name).secret === true);
