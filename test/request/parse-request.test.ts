import { describe, expect, it } from 'vitest';
import { complaint, problems, request } from './sources.ts';

describe('precedence', () => {
  it('is door before settings file before defaults', async () => {
    const files = { 'homeport.yml': 'project: from-file\ntimeout: 3m\nbuild: false' };
    const parsed = await request({ door: { project: 'from-door' }, files });
    expect(parsed).toMatchObject({ project: 'from-door', timeout: 180_000, build: false, 'backup-keep': 604_800_000 });
  });

  it('takes an empty value for one that is not there, at both', async () => {
    const files = { 'homeport.yml': 'timeout: 3m\nsmoke:\nproject: ${NAME:-}' };
    const parsed = await request({ door: { timeout: ' ', tests: '\n' }, files });
    expect(parsed).toMatchObject({ timeout: 180_000, tests: [], smoke: [] });
    expect(parsed.project).toBeUndefined();
  });

  it('says what is wrong in the settings file also where the door overrides it', async () => {
    const files = { 'homeport.yml': 'timeout: soon' };
    expect(await complaint({ door: { timeout: '3m' }, files })).toMatch(/^timeout \(homeport\.yml\): got `soon`/);
  });
});

describe('the same request from text and from plain YAML', () => {
  it.each([
    ['tests', 'unit: npm test\ne2e: npm run e2e', { unit: 'npm test', e2e: 'npm run e2e' }],
    ['smoke', '- http: web:3000/health\n  under: 500ms', [{ http: 'web:3000/health', under: '500ms' }]],
    ['backup', '- {service: db, kind: postgres}', [{ service: 'db', kind: 'postgres' }]],
    ['profiles', 'a\n\n  b  ', ['a', 'b']],
    ['secrets', "A=1 # one\nexport B='$x'", { A: 1, B: '$x' }],
    ['coverage-minimum', '70.5', 70.5],
    ['skip-tests', 'true', true],
  ])('%s', async (key, text, plain) => {
    const door = await request({ door: { [key]: text } });
    const file = await request({ files: { 'homeport.yml': JSON.stringify({ [key]: plain }) } });
    expect(door).toEqual(file);
    expect(door).not.toEqual(await request({}));
  });

  it('keeps the order of tests, and a chat that is a number', async () => {
    const files = { 'homeport.yml': 'tests: {z: a, b: c, a: d}\ntelegram-chat: -1001234567890\ntelegram-token: 1:x' };
    const parsed = await request({ files });
    expect(parsed.tests.map(({ name }) => name)).toEqual(['z', 'b', 'a']);
    expect(parsed['telegram-chat']).toBe('-1001234567890');
  });
});

describe('the settings file', () => {
  it.each([
    ['in the working directory', { 'working-directory': 'app' }, 'app/homeport.yml'],
    ['by `config`, in the working directory', { 'working-directory': 'app', config: 'a/b.yml' }, 'app/a/b.yml'],
    ['by `config`, in the current folder', { 'working-directory': 'app', config: 'a/b.yml' }, 'a/b.yml'],
    ['by an absolute `config`', { 'working-directory': 'app', config: '/etc/b.yml' }, '/etc/b.yml'],
  ])('is found %s', async (_, door, path) => {
    expect(await request({ door, files: { [path]: 'project: found' } })).toMatchObject({ project: 'found' });
  });

  it.each([
    [
      'a `config` that is not there',
      {},
      { config: 'none.yml' },
      'config: got `none.yml`, expected a settings file that is there',
    ],
    ['a list', { 'homeport.yml': '- a' }, {}, 'homeport.yml: expected a YAML map of keys and values, not a list'],
    ['a text', { 'homeport.yml': 'hello' }, {}, 'homeport.yml: expected a YAML map of keys and values, not a text'],
    [
      'a key twice',
      { 'homeport.yml': 'build: true\nbuild: false' },
      {},
      'homeport.yml: expected YAML (Map keys must be unique at line 2, column 1)',
    ],
    [
      'malformed YAML',
      { 'homeport.yml': 'a: [1' },
      {},
      /^homeport\.yml: expected YAML \(Flow sequence.* at line 1, column \d+\)$/,
    ],
    [
      'two documents',
      { 'homeport.yml': 'a: 1\n---\nb: 1' },
      {},
      /^homeport\.yml: expected YAML \(More than one document/,
    ],
    [
      '`config` inside it',
      { 'homeport.yml': 'config: x.yml' },
      {},
      'config (homeport.yml): expected `config` to be left out of the settings file: it says where that file is',
    ],
    ['the name of the file that it is', { 'x.yml': 'timeout: 3' }, { config: 'x.yml' }, /^timeout \(x\.yml\): got `3`/],
  ])('is refused with: %s', async (_, files, door, expected) => {
    const told = await complaint({ door, files });
    if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });

  it.each(['', '# only a comment\n', '---\n'])('may say nothing: %j', async (text) => {
    expect(await request({ files: { 'homeport.yml': text } })).toEqual(await request({}));
  });
});

describe('variables in the settings file', () => {
  it('come from the secrets, the environment, the env files, the default, in this order', async () => {
    const parsed = await request({
      door: { secrets: 'A=secret' },
      environment: { A: 'environment', B: 'environment' },
      files: {
        '.env': 'A=file\nB=file\nC=file',
        'homeport.yml': 'services: ["${A}", "${B}", "${C}", "${D:-default}", "$$A", "$A"]',
      },
    });
    expect(parsed.services).toEqual(['secret', 'environment', 'file', 'default', '$A', '$A']);
  });

  it('come from the named env files, of which later ones win, in the working directory', async () => {
    const parsed = await request({
      environment: { STAGE: 'prod' },
      files: {
        '/srv/.env': 'A=never',
        '/srv/base.env': 'A=base\nB=base',
        '/srv/prod.env': 'B="${A}-prod"',
        '/srv/homeport.yml': 'env-file: [base.env, "${STAGE}.env"]\nservices: ["${A}", "${B}"]',
      },
      door: { 'working-directory': '/srv' },
    });
    expect(parsed.services).toEqual(['base', 'base-prod']);
  });

  it('are left to the shell in commands, and are expanded everywhere else in a check', async () => {
    const parsed = await request({
      environment: { HOST: 'web', MOST: '5' },
      files: {
        'homeport.yml': [
          'tests: {unit: "echo ${HOST} $$", slow: {command: "echo ${HOST}", timeout: "${MOST}m"}}',
          'budgets: {tokens: {command: "echo ${HOST}", maximum: "${MOST}"}}',
          'migrate: "web: echo ${HOST}"',
          'smoke:',
          '  - run: echo ${HOST}',
          '  - exec: {service: "${HOST}", command: "echo ${HOST}"}',
          '  - http: ${HOST}:80',
        ].join('\n'),
      },
    });
    expect(parsed.tests).toEqual([
      { name: 'unit', command: 'echo ${HOST} $$' },
      { name: 'slow', command: 'echo ${HOST}', timeout: 300_000 },
    ]);
    expect(parsed.budgets).toEqual([{ name: 'tokens', command: 'echo ${HOST}', maximum: 5 }]);
    expect(parsed.migrate).toEqual([{ name: 'web', command: 'echo ${HOST}' }]);
    expect(parsed.smoke).toMatchObject([
      { run: 'echo ${HOST}' },
      { exec: { service: 'web', command: 'echo ${HOST}' } },
      { http: 'web:80' },
    ]);
  });

  it('can not change the structure around them', async () => {
    const parsed = await request({
      environment: { PATH_: 'a\n- run: rm' },
      files: { 'homeport.yml': 'smoke: |\n  - http: web${PATH_}' },
    });
    expect(parsed.smoke).toHaveLength(1);
  });

  it('leave what is in single quotes of dotenv lines alone', async () => {
    const files = { 'homeport.yml': 'secrets: |\n  A=\'${X}\'\n  B="${X}"\n  C=\\$x' };
    expect((await request({ environment: { X: 'y' }, files })).secrets).toEqual({ A: '${X}', B: 'y', C: '\\$x' });
  });

  it('are not expanded at the door', async () => {
    const parsed = await request({ door: { services: '${A}' }, environment: { A: 'x' } });
    expect(parsed.services).toEqual(['${A}']);
  });

  it.each([
    [
      'project: ${NAME}',
      'project (homeport.yml): got `${NAME}`, expected the variable `NAME` in the environment or an env file, or a default: `${NAME:-…}`',
    ],
    ['smoke: [{http: "${H}/"}]', /^smoke entry 1, http \(homeport\.yml\): got `\$\{H\}\/`, expected the variable `H` /],
    [
      'project: ${NAME:?no}',
      'project (homeport.yml): got `${NAME:?no}`, expected `${NAME}` or `${NAME:-default}`, and `$$` for a plain `$`',
    ],
    ['project: ${NAME', /^project \(homeport\.yml\): got `\$\{NAME`, expected `\$\{NAME\}` or/],
  ])('are refused where they have no value: %s', async (text, expected) => {
    const told = await complaint({ files: { 'homeport.yml': text } });
    if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });

  it('do not show the text around them in a secret key', async () => {
    const [problem] = await problems({ files: { 'homeport.yml': 'secrets: {A: "pa55${X}"}' } });
    expect(problem).toMatchObject({ key: 'secrets.A', value: null });
  });

  it('make one problem when the token has no value', async () => {
    const files = { 'homeport.yml': 'telegram-token: ${TOKEN}\ntelegram-chat: 5' };
    expect(await complaint({ files })).toMatch(/^telegram-token .* variable `TOKEN`/);
  });
});
