import { describe, expect, it } from 'vitest';
import { complaint, problems, refusal, request } from './sources.ts';

describe('a problem names the key, the value, what was expected and the likely spelling', () => {
  it.each([
    [
      'an unknown key',
      { 'covrage-minimum': '70' },
      'covrage-minimum (input): expected a key that Homeport knows; did you mean `coverage-minimum`?',
    ],
    [
      'a key with underscores',
      { TELEGRAM_CHAT: 'x' },
      'TELEGRAM_CHAT (input): expected a key that Homeport knows; did you mean `telegram-chat`?',
    ],
    ['a key like no other', { frobnicate: '1' }, 'frobnicate (input): expected a key that Homeport knows'],
    [
      'an unknown key without a value',
      { tets: '' },
      'tets (input): expected a key that Homeport knows; did you mean `tests`?',
    ],
    [
      'a key that is not built yet',
      { strategy: 'rolling' },
      'strategy (input): expected `strategy` to be left out: it is not built yet in this version',
    ],
    [
      'a wrong choice',
      { command: 'deplpy' },
      'command (input): got `deplpy`, expected `deploy`, `plan`, `rollback`, `backup`, `restore` or `status`; did you mean `deploy`?',
    ],
    ['a yes', { build: 'yes' }, 'build (input): got `yes`, expected `true` or `false`; did you mean `true`?'],
    ['a True', { build: 'True' }, 'build (input): got `True`, expected `true` or `false`; did you mean `true`?'],
    [
      'a negative duration',
      { 'backup-keep': '-7d' },
      'backup-keep (input): got `-7d`, expected a duration such as `90s`, `10m`, `2h` or `7d`',
    ],
    [
      'a duration in words',
      { timeout: '10 min' },
      'timeout (input): got `10 min`, expected a duration such as `90s`, `10m`, `2h` or `7d`; did you mean `10m`?',
    ],
    [
      'no time at all',
      { timeout: '0s' },
      'timeout (input): got `0s`, expected a duration above zero, such as `90s` or `10m`',
    ],
    [
      'a wait longer than timers go',
      { 'lock-timeout': '30d' },
      'lock-timeout (input): got `30d`, expected a duration of at most `24d`',
    ],
    [
      'a decimal size',
      { 'minimum-free-disk': '10GB' },
      'minimum-free-disk (input): got `10GB`, expected a size such as `512MiB` or `10GiB`; did you mean `10GiB`?',
    ],
    [
      'a percentage above 100',
      { 'coverage-minimum': '101' },
      'coverage-minimum (input): got `101`, expected a percentage from 0 to 100',
    ],
    [
      'a percentage with its sign',
      { 'coverage-minimum': '70%' },
      'coverage-minimum (input): got `70%`, expected a percentage from 0 to 100',
    ],
    [
      'half a release',
      { 'keep-releases': '1.5' },
      'keep-releases (input): got `1.5`, expected a whole number from 1 to 1000',
    ],
    [
      'a project name that Compose refuses',
      { project: 'My Shop' },
      'project (input): got `My Shop`, expected lower-case letters, digits, `-` and `_`',
    ],
    [
      'a URL without its scheme',
      { 'telegram-api-url': 'bot.lan:8081' },
      'telegram-api-url (input): got `bot.lan:8081`, expected a URL such as `https://api.telegram.org`',
    ],
    [
      'tests as a bare text',
      { tests: 'npm test' },
      'tests (input): got `npm test`, expected a YAML map `name: command`',
    ],
    ['a test without a command', { tests: 'unit: ""' }, 'tests.unit (input): got ``, expected text that is not empty'],
    [
      'a test that is a list',
      { tests: 'unit: [make]' },
      'tests.unit (input): got `["make"]`, expected a command, or a map `{command: make test, timeout: 5m}`',
    ],
    [
      'a test that is all time and no command',
      { tests: 'unit: {timeout: 5m}' },
      'tests.unit.command (input): expected text that is not empty (there is none)',
    ],
    [
      'a test with a misspelt time-out',
      { tests: 'unit: {command: make, time-out: 5m}' },
      'tests.unit.time-out (input): expected only the keys `command`, `timeout`; did you mean `timeout`?',
    ],
    [
      'a test without time',
      { tests: 'unit: {command: make, timeout: 0s}' },
      'tests.unit.timeout (input): got `0s`, expected a duration above zero, such as `90s` or `10m`',
    ],
    [
      'budgets as a bare text',
      { budgets: '50000' },
      'budgets (input): got `50000`, expected a YAML map `name: {command, maximum}`',
    ],
    [
      'a budget as a command',
      { budgets: 'tokens: ./spent.sh' },
      'budgets.tokens (input): got `./spent.sh`, expected a map such as `{command: ./scripts/tokens.sh, maximum: 50000}`',
    ],
    [
      'a budget without a maximum',
      { budgets: 'tokens: {command: a}' },
      'budgets.tokens.maximum (input): expected a number such as `50000` or `0.25`, without a unit (there is none)',
    ],
    [
      'a maximum with a thousands separator',
      { budgets: 'tokens: {command: a, maximum: "50,000"}' },
      'budgets.tokens.maximum (input): got `50,000`, expected a number such as `50000` or `0.25`, without a unit',
    ],
    [
      'a maximum that is none',
      { budgets: 'tokens: {command: a, maximum: .inf}' },
      /^budgets\.tokens\.maximum \(input\): .*expected a number such as/,
    ],
    [
      'a budget with a misspelt maximum',
      { budgets: 'tokens: {command: a, maximum: 1, maximun: 2}' },
      'budgets.tokens.maximun (input): expected only the keys `command`, `maximum`; did you mean `maximum`?',
    ],
    [
      'a migration without a command',
      { migrate: 'web:' },
      'migrate.web (input): got `null`, expected text that is not empty',
    ],
    [
      'two tests of one name',
      { tests: 'unit: a\nunit: b' },
      'tests (input): got `unit: a\\nunit: b`, expected YAML (Map keys must be unique at line 2, column 1)',
    ],
    [
      'malformed YAML',
      { smoke: '- [http' },
      /^smoke \(input\): got `- \[http`, expected YAML \(.* at line 1, column \d+\)$/,
    ],
    [
      'a line that assigns nothing',
      { 'build-args': 'A=1\nB' },
      'build-args (input): got `A=1\\nB`, expected `NAME=value` lines, and line 2 is none',
    ],
    ['unicode', { command: 'déploy🚀' }, /^command \(input\): got `déploy🚀`.*did you mean `deploy`\?$/],
  ])('%s', async (_, door, expected) => {
    const told = await complaint({ door });
    if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });
});

describe('a problem inside a smoke check is about the check that was meant', () => {
  it.each([
    [
      'htp: x',
      'smoke entry 1 (input): got `{"htp":"x"}`, expected one of `http`, `exec`, `run`, `tcp`, `database`, `telegram` or `resources` in it; did you mean `http`?',
    ],
    [
      '{retries: 2}',
      'smoke entry 1 (input): got `{"retries":2}`, expected one of `http`, `exec`, `run`, `tcp`, `database`, `telegram` or `resources` in it',
    ],
    [
      '{http: a, tcp: "b:1"}',
      'smoke entry 1 (input): got `{"http":"a","tcp":"b:1"}`, expected one check an entry, here are `http` and `tcp`',
    ],
    ['telegram: yes', 'smoke entry 1, telegram (input): got `yes`, expected `true`; did you mean `true`?'],
    [
      'resources: {memory: 90}',
      'smoke entry 1, resources.memory (input): got `90`, expected a percentage from `0%` to `100%`, such as `90%`; did you mean `90%`?',
    ],
    [
      'resources: {memory: 0.9}',
      'smoke entry 1, resources.memory (input): got `0.9`, expected a percentage from `0%` to `100%`, such as `90%`',
    ],
    [
      'resources: {disk: 101%}',
      'smoke entry 1, resources.disk (input): got `101%`, expected a percentage from `0%` to `100%`, such as `90%`',
    ],
    [
      'resources: {}',
      'smoke entry 1, resources (input): got `{}`, expected a map such as `{memory: 90%, cpu: 90%, disk: 90%, restarts: 0}`',
    ],
    [
      'resources: {memry: 90%, restarts: 0}',
      'smoke entry 1, resources.memry (input): expected only the keys `memory`, `cpu`, `disk`, `restarts`; did you mean `memory`?',
    ],
    [
      '{http: a, redirects: 304}',
      "smoke entry 1, redirects (input): got `304`, expected `follow`, or the redirect's status: `301`, `302`, `303`, `307` or `308`",
    ],
    [
      '{http: a, redirects: folow}',
      "smoke entry 1, redirects (input): got `folow`, expected `follow`, or the redirect's status: `301`, `302`, `303`, `307` or `308`; did you mean `follow`?",
    ],
    [
      '{http: "web:3000/", redirects: follow}',
      "smoke entry 1, redirects (input): got `follow`, expected the redirect's status, such as `302`: `web:3000/` asks each container itself, and a redirect leads away from it",
    ],
    [
      '{http: "http://localhost/", redirects: 302, status: 200}',
      'smoke entry 1, redirects (input): got `302`, expected the same as `status` (200), or one of the two to be left out',
    ],
    [
      '{http: "web:3000/", insecure: true}',
      'smoke entry 1, insecure (input): got `true`, expected `insecure` to be left out: `web:3000/` is asked without TLS',
    ],
    [
      '{http: "http://localhost/", insecure: true}',
      'smoke entry 1, insecure (input): got `true`, expected `insecure` to be left out: only an `https://` address has a certificate',
    ],
    [
      '{http: a, body: "/(/"}',
      'smoke entry 1, body (input): got `/(/`, expected a regular expression between the slashes (Unterminated group)',
    ],
    [
      '{http: a, header: "content-type: json"}',
      'smoke entry 1, header (input): got `content-type: json`, expected a map such as `{content-type: /json/}`',
    ],
    [
      '{http: a, header: {}}',
      'smoke entry 1, header (input): got `{}`, expected a map such as `{content-type: /json/}`',
    ],
    [
      '{http: a, header: {etag: [a]}}',
      'smoke entry 1, header.etag (input): got `["a"]`, expected text that is not empty',
    ],
    [
      '{http: a, header: {"a b": c}}',
      'smoke entry 1, header.a b (input): got `c`, expected a map such as `{content-type: /json/}`',
    ],
    [
      '{http: a, json: [1]}',
      'smoke entry 1, json (input): got `[1]`, expected a map such as `{status: ok, checks.database: up}`',
    ],
    [
      'http://localhost',
      'smoke entry 1 (input): got `http://localhost`, expected a map such as `http: http://localhost:8000/health`',
    ],
    [
      '{http: a, retry: 3}',
      'smoke entry 1, retry (input): expected only the keys `http`, `status`, `body`, `header`, `json`, `under`, `redirects`, `insecure`, `retries`, `interval`, `timeout`; did you mean `retries`?',
    ],
    [
      '{http: a, json: {}}',
      'smoke entry 1, json (input): got `{}`, expected a map such as `{status: ok, checks.database: up}`',
    ],
    ['{http: a, status: ok}', 'smoke entry 1, status (input): got `ok`, expected an HTTP status such as 200'],
    [
      '{http: a, under: 500}',
      'smoke entry 1, under (input): got `500`, expected a duration such as `90s`, `10m`, `2h` or `7d`',
    ],
    ['{http: a, retries: -1}', 'smoke entry 1, retries (input): got `-1`, expected a whole number from 0 to 100'],
    ['exec: {service: a}', 'smoke entry 1, exec.command (input): expected a command (there is none)'],
    [
      'exec: python',
      'smoke entry 1, exec (input): got `python`, expected a map `{service: app, command: python -m app.check}`',
    ],
    [
      'exec: {service: a, command: b, comand: c}',
      'smoke entry 1, exec.comand (input): expected only the keys `service`, `command`; did you mean `command`?',
    ],
    ['exec: {service: a, command: [b, 3]}', 'smoke entry 1, exec.command entry 2 (input): got `3`, expected text'],
    ['tcp: db', 'smoke entry 1, tcp (input): got `db`, expected `host:port` such as `db:5432`'],
  ])('%s', async (entry, expected) => {
    expect(await complaint({ door: { smoke: `- ${entry}` } })).toBe(expected);
  });

  it('counts the entries from one', async () => {
    const smoke = '- http: a\n- tcp: "b:1"\n- run:';
    expect(await complaint({ door: { smoke } })).toMatch(/^smoke entry 3, run /);
  });
});

describe('a problem inside a backup entry', () => {
  it.each([
    [
      '{service: db}',
      'backup entry 1, kind (input): expected `postgres`, `mariadb`, `redis`, `sqlite`, `volume` or `command` (there is none)',
    ],
    ['{kind: postgres}', 'backup entry 1, service (input): expected text that is not empty (there is none)'],
    [
      '{service: db, kind: postgresql}',
      'backup entry 1, kind (input): got `postgresql`, expected `postgres`, `mariadb`, `redis`, `sqlite`, `volume` or `command`; did you mean `postgres`?',
    ],
    [
      '{service: app, kind: volume}',
      'backup entry 1, path (input): expected its path inside the container, which `volume` needs',
    ],
    [
      '{service: app, kind: volume, path: /data, while: running}',
      'backup entry 1, while (input): got `running`, expected `paused` or `stopped`',
    ],
    [
      '{service: app, kind: sqlite, path: /data/a.db, while: paused}',
      'backup entry 1, while (input): got `paused`, expected `while` to be left out: `sqlite` has no use for it',
    ],
    [
      '{service: db, kind: postgres, usr: a}',
      'backup entry 1, usr (input): expected only the keys `service`, `kind`, `database`, `user`, `path`, `while`, `command`; did you mean `user`?',
    ],
    [
      '{service: app, kind: sqlite}',
      'backup entry 1, path (input): expected its path inside the container, which `sqlite` needs',
    ],
    [
      '{service: db, kind: postgres, path: /a}',
      'backup entry 1, path (input): got `/a`, expected `path` to be left out: `postgres` has no use for it',
    ],
  ])('%s', async (entry, expected) => {
    expect(await complaint({ door: { backup: `- ${entry}` } })).toBe(expected);
  });

  it.each([
    ['{service: app, kind: volume, path: /a/data}', '{service: app, kind: volume, path: /b/data}'],
    ['{service: app, kind: sqlite, path: /a/app.db}', '{service: app, kind: sqlite, path: /b/x, database: app.db}'],
    ['{service: db, kind: postgres, database: shop}', '{service: db, kind: postgres, database: shop}'],
  ])('%s is not told from %s', async (one, other) => {
    expect(await complaint({ door: { backup: `- ${one}\n- ${other}` } })).toMatch(
      /^backup entry 2, database \(input\): .*expected another name than that of entry 1/,
    );
  });

  it('offers `auto` for a near miss of it', async () => {
    expect(await complaint({ door: { backup: 'aut' } })).toMatch(
      /^backup \(input\): got `aut`, .*did you mean `auto`\?$/,
    );
  });
});

describe('what can not go together is refused', () => {
  it.each([
    [{ 'telegram-token': '1:a' }, 'telegram-token (input): expected `telegram-chat` beside it, the chat to write to'],
    [{ 'telegram-chat': '1' }, "telegram-chat (input): expected `telegram-token` beside it, the bot's token"],
    [{ 'telegram-thread': '1' }, 'telegram-thread (input): expected `telegram-token` and `telegram-chat` beside it'],
    [
      { smoke: '- tcp: "db:1"\n- telegram: true' },
      "smoke entry 2, telegram (input): expected `telegram-token` beside it, the bot's token",
    ],
    [{ command: 'restore' }, 'file: expected the backup file that `command: restore` is to restore'],
    [{ to: 'x' }, 'to (input): expected `to` to be left out: it belongs to `rollback`, and the command is `deploy`'],
    [
      { file: 'x', command: 'backup' },
      'file (input): expected `file` to be left out: it belongs to `restore`, and the command is `backup`',
    ],
    [
      { 'backup-required': 'true', backup: 'none' },
      'backup-required (input): expected something to back up: `backup` is `none`',
    ],
  ])('%j', async (door, expected) => {
    expect(await complaint({ door })).toBe(expected);
  });

  it('a secret as a build argument, with the way to a Compose build secret', async () => {
    const door = { secrets: 'TOKEN=hunter2', 'build-args': 'A=1\nNPM_TOKEN=hunter2' };
    const told = await complaint({ door });
    expect(told).toMatch(/^build-args\.NPM_TOKEN \(input\): expected no secret, .*Compose build secret/);
    expect(told).not.toContain('hunter2');
  });

  it('a longer secret inside a build argument', async () => {
    const door = { secrets: 'PASSWORD=correct-horse', 'build-args': 'URL=postgres://u:correct-horse@db/app' };
    expect(await complaint({ door })).toMatch(/^build-args\.URL /);
  });

  it('also when a build argument of the settings file is a secret of the door', async () => {
    const files = { 'homeport.yml': 'build-args: {T: "${TOKEN}"}' };
    expect(await complaint({ door: { secrets: 'TOKEN=hunter2' }, files })).toMatch(/^build-args\.T \(homeport\.yml\)/);
  });

  it.each([
    ['coverage-minimum with skip-tests', { 'coverage-minimum': '70', 'skip-tests': 'true' }],
    ['a build argument that is as short as a word', { secrets: 'DEBUG=true\nN=1', 'build-args': 'DEBUG=true\nN=1' }],
    ['a telegram check with its token', { smoke: '- telegram: true', 'telegram-token': '1:a' }],
    ['a telegram check where no check is run', { smoke: '- telegram: true', command: 'backup' }],
    ['insecure where a redirect leads to TLS', { smoke: '- {http: "http://a/", redirects: follow, insecure: true}' }],
    ['restore with its file', { command: 'restore', file: 'db.dump' }],
    ['rollback with its release', { command: 'rollback', to: 'x' }],
  ])('and not %s', async (_, door) => {
    await expect(request({ door })).resolves.toBeDefined();
  });
});

describe('all problems are told at once', () => {
  it('of both sources, unknown keys, values and combinations', async () => {
    const told = await problems({
      door: { timeout: 'soon', covrage: 'x', smoke: '- htp: a\n- {tcp: b}', 'telegram-chat': '1' },
      files: { 'homeport.yml': 'build: maybe\ntimout: 3m\nproject: ${PROJECT}\ntests: {unit: 3}' },
    });
    expect(told.map(({ source, key }) => `${source}: ${key}`).sort()).toEqual([
      'homeport.yml: build',
      'homeport.yml: project',
      'homeport.yml: tests.unit',
      'homeport.yml: timout',
      'input: covrage',
      'input: smoke entry 1',
      'input: smoke entry 2, tcp',
      'input: telegram-chat',
      'input: timeout',
    ]);
  });

  it('with the exit code for an invalid request, and a next step', async () => {
    const error = await refusal({ door: { tets: 'x', timeout: '1' } });
    expect(error.exitCode).toBe(64);
    expect(error.message).toMatch(/^The request has 2 problems:\n {2}- tets .*\n {2}- timeout /);
    expect(error.hint).toContain('Nothing was touched');
  });
});

describe('no secret gets into an error', () => {
  const secret = 'sw0rdfish-5';
  it.each([
    ['a malformed secrets text', { door: { secrets: secret } }],
    ['an unclosed quote', { door: { secrets: `A="${secret}`, command: secret } }],
    ['a name that is none', { door: { secrets: `a-b=${secret}` } }],
    ['a map with a list in it', { door: { secrets: { A: [secret] } } }],
    ['the value of a misspelt key', { door: { 'telegram-tokn': secret } }],
    ['the value of a key that is not built yet', { door: { 'ssh-key': secret } }],
    ['a secret inside another value', { door: { secrets: `A=${secret}`, command: `x${secret}` } }],
    ['a secret deep inside', { door: { secrets: `A=${secret}`, smoke: `- {http: a, status: "${secret}"}` } }],
    ['a variable of the settings file', { environment: { P: secret }, files: { 'homeport.yml': 'timeout: ${P}' } }],
    ['malformed YAML', { files: { 'homeport.yml': `secrets: {A: "x" ${secret}}` } }],
    ['an alias that is none', { files: { 'homeport.yml': `secrets: {A: *${secret}}` } }],
    ['a tag that is none', { files: { 'homeport.yml': `secrets: {A: !${secret} x}` } }],
    ['a settings file that is a text', { files: { 'homeport.yml': secret } }],
  ])('%s', async (_, said) => {
    const { message, hint } = await refusal(said);
    expect(`${message}${hint}`).not.toContain(secret);
  });
});

it('nothing of a secret key is shown, however short it is', async () => {
  expect(await complaint({ door: { secrets: 'ab' } })).toBe(
    'secrets (input): expected `NAME=value` lines, and line 1 is none',
  );
});

describe('a value is shown in one line', () => {
  it('with line ends and control characters made harmless', async () => {
    const told = await complaint({ door: { command: 'a\n::add-mask::x\u001b[31m' } });
    expect(told).toContain('got `a\\n::add-mask::x [31m`');
  });

  it('cut when it is long, between characters', async () => {
    expect(await complaint({ door: { command: '🚀'.repeat(200) } })).toContain(`got \`${'🚀'.repeat(80)}…\``);
  });
});
