import { describe, expect, it } from 'vitest';
import { commandWords } from '../../../src/platforms/compose/command-words.ts';
import {
  buildArgv,
  type ComposeProject,
  configArgv,
  containersArgv,
  runOnceArgv,
  upArgv,
} from '../../../src/platforms/compose/commands.ts';

const plain: ComposeProject = { project: 'shop', files: ['/a/compose.yaml'], envFiles: [], profiles: [] };

describe('docker compose', () => {
  it.each([
    [
      'is told the project and its files',
      configArgv(plain),
      'docker compose --project-name shop --file /a/compose.yaml config --format json',
    ],
    [
      'is told everything else that is asked for, in its order',
      configArgv({
        project: null,
        files: ['/a/one.yaml', '/a/two.yaml'],
        envFiles: ['/a/.env'],
        profiles: ['debug', 'x'],
        projectDirectory: '/a',
      }),
      'docker compose --project-directory /a --file /a/one.yaml --file /a/two.yaml --env-file /a/.env --profile debug --profile x config --format json',
    ],
    [
      'builds the named services',
      buildArgv(plain, ['web', 'db']),
      'docker compose --project-name shop --file /a/compose.yaml build web db',
    ],
    [
      'starts without building or pulling anything',
      upArgv(plain, ['web']),
      'docker compose --project-name shop --file /a/compose.yaml up --detach --no-build --pull never web',
    ],
    [
      'finds all containers of the project',
      containersArgv('shop').slice(0, 6),
      'docker ps --all --no-trunc --filter label=com.docker.compose.project=shop',
    ],
  ])('%s', (_what, argv, text) => {
    expect(argv.join(' ')).toBe(text);
  });

  it('gets variables by their names alone: no value is on a command line', () => {
    const argv = runOnceArgv(plain, 'web', {
      name: 'once',
      command: ['sh', '-ec', 'a; b'],
      variables: ['SECRET', 'PWD'],
    });
    expect(argv.slice(6)).toEqual([
      'run',
      '--rm',
      '--no-deps',
      '--no-TTY',
      '--name',
      'once',
      '--env',
      'SECRET',
      '--env',
      'PWD',
      'web',
      'sh',
      '-ec',
      'a; b',
    ]);
  });
});

describe('a command inside a container', () => {
  it.each([
    'python -m app.migrate --to=head',
    './manage.py  migrate',
    ' alembic upgrade head ',
    'npx prisma@5 migrate deploy',
  ])('that is plain needs no shell: %j', (command) => {
    expect(commandWords(command)).toEqual(command.trim().split(/ +/));
  });

  it.each([
    'a && b',
    'echo "hi"',
    'echo $HOME',
    'ls *',
    'a | b',
    'a; b',
    'KEY=value run',
    'one\ntwo',
    '~/bin/x',
    "it's",
    '[ -f x ]',
    'a > b',
    '(a)',
    'exec python app.py',
    'cd /app',
    '. ./env.sh',
    'exit 3',
    'command -v psql',
  ])('that needs a shell gets one, as one argument: %j', (command) => {
    expect(commandWords(command)).toEqual(['sh', '-ec', command]);
  });
});
