import { Command, CommanderError, Option } from 'commander';
import { exitCodes, HomeportError, messageOf } from '../deployment/error.ts';
import { addRequestFlags, errorOutput } from '../request/read-flags.ts';
import { type Request, type RequestKey, requestKeys } from '../request/schema.ts';
import { version } from '../version.ts';

type Options = Record<string, unknown>;

/** Keys that say which project is meant, and where its records are. */
const projectKeys = ['project', 'working-directory', 'compose-file', 'config', 'state-directory'] as const;
const reportingKeys = [
  'telegram-token',
  'telegram-chat',
  'telegram-thread',
  'telegram-api-url',
  'notify',
  'environment',
  'environment-url',
  'github-token',
  'webhook-url',
  'webhook-secret',
  'metrics-file',
  'registry-url',
] as const;
const deployKeys = requestKeys.filter((key) => !['command', 'to', 'file', 'backup-identity', 'summary'].includes(key));
const changeKeys = [...projectKeys, ...reportingKeys, 'timeout', 'lock-timeout'] as const;

const program = new Command('homeport')
  .description('Deploys a Docker Compose project on this machine, and gets it back when it is bad.')
  .version(version)
  .configureHelp({ showGlobalOptions: false })
  .configureOutput(errorOutput)
  .exitOverride();

function add(
  usage: string,
  options: { description: string; example: string; keys: readonly RequestKey[]; setUp?: (command: Command) => void },
  act: (
    request: (command: Request['command'], more?: Options) => Promise<Request>,
    options: Options,
    words: string[],
  ) => Promise<number>,
): void {
  const command = program.command(usage).description(options.description).exitOverride();
  // Only the command that is meant needs its flags; to make those of all would take a good part of the start.
  if (process.argv.includes(command.name())) addRequestFlags(command, options.keys);
  options.setUp?.(command);
  command.addHelpText('after', `\nExample:\n  ${options.example}`);
  command.action(async () => {
    const flags = command.opts<Options>();
    // To read a request takes more code than to print help.
    const { requestFrom } = await import('./request.ts');
    process.exitCode = await act((name, more) => requestFrom(name, flags, more), flags, command.args);
  });
}

const json = (command: Command): void => {
  command.option('--json', 'print JSON');
};

add(
  'deploy',
  {
    description: 'Back up, test, build, migrate, start, check, promote; roll back when it is bad',
    example: 'homeport deploy --coverage-minimum 70 --tests "unit: npm test"',
    keys: deployKeys,
  },
  async (request) => {
    const { performFromCli } = await import('./perform.ts');
    return await performFromCli(await request('deploy'));
  },
);

add(
  'plan',
  {
    description: 'Print what deploy would do; change nothing',
    example: 'homeport plan --json',
    keys: deployKeys,
    setUp: json,
  },
  async (request, options) => {
    const { planFromCli } = await import('./plan.ts');
    return await planFromCli(await request('plan'), options.json === true);
  },
);

add(
  'config',
  {
    description: 'Print the request that deploy would act on, with where each value came from; secrets masked',
    example: 'homeport config --json',
    keys: deployKeys,
    setUp: json,
  },
  async (_request, options) => {
    const [{ showConfig }, { settledFrom }] = await Promise.all([import('./config.ts'), import('./request.ts')]);
    return showConfig(await settledFrom('deploy', options, {}), options, options.json === true);
  },
);

add(
  'init',
  {
    description: 'Look at this repository, and write a workflow and a homeport.yml for it',
    example: 'homeport init --print',
    keys: ['working-directory', 'compose-file', 'project'],
    setUp: (command) =>
      command
        .option('--force', 'write them also where they are there already')
        .option('--print', 'write nothing, print both'),
  },
  async (_request, options) => {
    const { initFromCli } = await import('./init.ts');
    return await initFromCli(options);
  },
);

add(
  'rollback',
  {
    description: 'Go back to the last good release, or to the one named',
    example: 'homeport rollback --to 20251121T101500Z-3f2a9c1',
    keys: [...changeKeys, 'to', 'start-timeout', 'startup-wait', 'backup'],
  },
  async (request) => {
    const { performFromCli } = await import('./perform.ts');
    return await performFromCli(await request('rollback'));
  },
);

add(
  'backup',
  {
    description: 'Back the databases up now, and verify the backups',
    example: 'homeport backup --project shop',
    keys: [...changeKeys, 'backup', 'backup-verify', 'backup-keep', 'backup-encrypt-to'],
  },
  async (request) => {
    const { performFromCli } = await import('./perform.ts');
    return await performFromCli(await request('backup'));
  },
);

add(
  'restore <file>',
  {
    description: 'Restore a backup: into a new database first, then swapped in; the present one is kept',
    example: 'homeport restore /var/lib/homeport/shop/backups/db-shop-20251121T101500Z.dump',
    keys: [...changeKeys, 'backup', 'backup-identity'],
    setUp: (command) => command.option('--yes', "don't ask"),
  },
  async (request, options, [file]) => {
    const { restoreFromCli } = await import('./restore.ts');
    return await restoreFromCli(await request('restore', { file }), options.yes === true);
  },
);

add(
  'recover',
  {
    description: 'Bring to its end what a killed deployment left: of one project, or of all',
    example: 'homeport recover --project shop',
    keys: [...projectKeys, ...reportingKeys, 'lock-timeout'],
  },
  async (request) => {
    const { recoverFromCli } = await import('./recover.ts');
    return await recoverFromCli(await request('status'));
  },
);

add(
  'status',
  { description: 'Tell what runs and since when', example: 'homeport status --json', keys: projectKeys, setUp: json },
  async (request, options) => {
    const { showStatus } = await import('./reading.ts');
    return await showStatus(await request('status'), options.json === true);
  },
);

add(
  'history',
  {
    description: 'List all deployments',
    example: 'homeport history --format html > history.html',
    keys: projectKeys,
    setUp: (command) =>
      command
        .addOption(
          new Option('--format <format>', 'how; html is a page with charts')
            .choices(['text', 'json', 'html'])
            .default('text'),
        )
        .addOption(new Option('--json', 'print JSON').conflicts('format')),
  },
  async (request, options) => {
    const { historyFormats, showHistory } = await import('./reading.ts');
    const format = options.json === true ? 'json' : historyFormats.find((name) => name === options.format);
    return await showHistory(await request('status'), format ?? 'text');
  },
);

add(
  'logs [id]',
  { description: 'Print the log of a deployment, the last one by itself', example: 'homeport logs', keys: projectKeys },
  async (request, _options, [id]) => {
    const { showLog } = await import('./reading.ts');
    return await showLog(await request('status'), id);
  },
);

add(
  'report [id]',
  {
    description: 'Print the report of a deployment, the last one by itself',
    example: 'homeport report --format html > report.html',
    keys: projectKeys,
    setUp: (command) =>
      command.addOption(
        new Option('--format <format>', 'how').choices(['text', 'json', 'html', 'telegram']).default('text'),
      ),
  },
  async (request, options, [id]) => {
    const { reportFormats, showReport } = await import('./reading.ts');
    const format = reportFormats.find((name) => name === options.format) ?? 'text';
    return await showReport(await request('status'), id, format);
  },
);

// Whoever reads along may go away (`| head`, a closed connection): that must not end a deployment in its middle.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

try {
  await program.parseAsync();
} catch (error) {
  if (error instanceof CommanderError) {
    // Commander has printed it. Help and the version are answers; anything else is a request that can't be understood.
    process.exitCode = error.exitCode === 0 ? exitCodes.success : exitCodes.invalid;
  } else if (error instanceof HomeportError) {
    process.stderr.write(`${error.message}\n${error.hint}\n`);
    process.exitCode = error.exitCode ?? exitCodes.aborted;
  } else {
    process.stderr.write(`Something went wrong that Homeport did not foresee: ${messageOf(error)}\n`);
    process.exitCode = exitCodes.aborted;
  }
}
