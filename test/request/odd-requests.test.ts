import { describe, expect, it } from 'vitest';
import { parseDotenv } from '../../src/request/dotenv.ts';
import { complaint, problems, request } from './sources.ts';

const inFile = (text: string) => ({ files: { 'homeport.yml': text } });

describe('odd and allowed', () => {
  it('are line ends of Windows, everywhere', async () => {
    const unix = [
      'tests:\n  unit: |\n    npm ci\n    npm test\n',
      'services:\n  - web\n  - worker\n',
      'secrets: |\n  A=1\n  B="x\\ny"\n',
    ].join('');
    expect(await request(inFile(unix.replaceAll('\n', '\r\n')))).toEqual(await request(inFile(unix)));
    const door = { services: 'web\r\nworker\r\n', secrets: 'A=1\r\nB=2\r\n', smoke: '- tcp: db:5432\r\n' };
    const plain = Object.fromEntries(Object.entries(door).map(([key, text]) => [key, text.replaceAll('\r', '')]));
    expect(await request({ door })).toEqual(await request({ door: plain }));
    expect(parseDotenv('A=1\r\nB="2"\r\n', null).entries.map(({ value }) => value)).toEqual(['1', '2']);
  });

  it('is a mark of the byte order at the beginning', async () => {
    expect((await request(inFile('\uFEFFproject: shop\n'))).project).toBe('shop');
    expect((await request({ door: { secrets: '\uFEFFA=1' } })).secrets).toEqual({ A: '1' });
  });

  it('are names that every object of JavaScript has', async () => {
    const names = ['constructor', 'toString', 'hasOwnProperty', 'valueOf'];
    const tests = names.map((name) => `${name}: make ${name}`).join('\n');
    expect((await request({ door: { tests } })).tests.map(({ name }) => name)).toEqual(names);
    const secrets = names.map((name) => `${name}=x-${name}`).join('\n');
    expect((await request({ door: { secrets } })).secrets).toEqual(
      Object.fromEntries(names.map((name) => [name, `x-${name}`])),
    );
  });

  it('are a few aliases', async () => {
    const text = 'tests: {a: &make make, b: *make}\nsmoke: [&check {tcp: "db:1"}, *check]';
    const { tests, smoke } = await request(inFile(text));
    expect(tests.map(({ command }) => command)).toEqual(['make', 'make']);
    expect(smoke).toHaveLength(2);
  });

  it('is half a character in a secret', async () => {
    expect((await request(inFile('secrets: {A: "x\\ud800y"}'))).secrets).toEqual({ A: 'x\ud800y' });
  });
});

describe('a megabyte', () => {
  it.each([
    ['of a settings file', inFile(`project: shop # ${'x'.repeat(2 ** 20)}`), /^homeport\.yml: .*More than 64 KiB/],
    ['of tests', { door: { tests: 'a: make\n'.repeat(2 ** 17) } }, /^tests \(input\): .*More than 64 KiB/],
    ['of one path', { door: { 'working-directory': 'a'.repeat(2 ** 20) } }, /expected text of at most 100 KiB$/],
    ['of services', { door: { services: 'web\n'.repeat(2 ** 18) } }, /expected a list of at most 1000 items$/],
    ['of one secret', { door: { secrets: `A=${'s3cret'.repeat(2 ** 18)}` } }, /^secrets\.A .*at most 100 KiB$/],
  ])('%s is refused in a moment', async (_what, said, expected) => {
    const begin = performance.now();
    const told = await complaint(said);
    expect(told).toMatch(expected);
    expect(told.length).toBeLessThan(400);
    expect(performance.now() - begin).toBeLessThan(5000);
  });

  it('of secrets is refused without one of them', async () => {
    const secrets = Array.from({ length: 40_000 }, (_, index) => `NAME_${index}=pl4nted-${index}`).join('\n');
    const told = await complaint({ door: { secrets, command: 'pl4nted-77' } }).catch((error: unknown) => String(error));
    expect(told).toContain('at most 1000 of them');
    expect(told).not.toContain('pl4nted');
  });
});

describe('what a value would vanish or act by is refused', () => {
  it.each([
    ['a test named `__proto__`', { door: { tests: '__proto__: make' } }, /^tests .*`__proto__`/],
    ['the same by an alias', { door: { tests: 'a: &a __proto__\n*a : make' } }, /^tests .*`__proto__`/],
    ['a check with `__proto__`', { door: { smoke: '- {http: a, __proto__: {status: 500}}' } }, /^smoke .*`__proto__`/],
    ['a settings file with `__proto__`', inFile('__proto__: {build: false}'), /^homeport\.yml: .*`__proto__`/],
    ['an input named `__proto__`', { door: JSON.parse('{"__proto__": "x"}') }, /^__proto__ \(input\): expected a key/],
    ['an alias within itself', { door: { smoke: '&a [*a]' } }, /^smoke .*An alias to what it stands in/],
    ['a map within itself', inFile('tests: &a {unit: *a}'), /^homeport\.yml: .*An alias to what it stands in/],
    ['a hundred levels', { door: { budgets: '['.repeat(100) + ']'.repeat(100) } }, /^budgets .*More than 64 levels/],
    ['a NUL in a path', inFile('working-directory: "a\\0b"'), /^working-directory .*without a NUL character$/],
    ['a NUL in a command', inFile('tests: {unit: "a\\0b"}'), /^tests\.unit .*without a NUL character$/],
    ['a NUL in a word', { door: { smoke: '- exec: {service: a, command: [b, "c\\0"]}' } }, /entry 2 .*NUL character$/],
    ['a NUL in a list', { door: { services: 'web\0' } }, /^services entry 1 .*without a NUL character$/],
    ['a NUL in a secret', { door: { secrets: 'A=x\0y' } }, /^secrets\.A .*without a NUL character$/],
  ])('%s', async (_what, said, expected) => {
    expect(await complaint(said)).toMatch(expected);
  });

  it('a thousand laughs, by the key', async () => {
    const levels = [...'bcdefghij'].map(
      (name, at) => `${name}: &${name} [${Array(10).fill(`*${'abcdefghij'[at]}`).join(',')}]`,
    );
    const laughs = ['a: &a [ha]', ...levels].join('\n');
    expect(await complaint({ door: { tests: laughs } })).toMatch(/^tests .*expected YAML \(Unusable alias\)$/);
    expect(await complaint(inFile(laughs))).toBe('homeport.yml: expected YAML (Unusable alias)');
  });
});

describe('what is printed of a bad request', () => {
  it('has no command of the runner and no colour in it, in a key neither', async () => {
    const told = await problems(
      inFile(JSON.stringify({ 'a\n::error::b\u001b[31m': 'x', [`k${'y'.repeat(9999)}`]: 1 })),
    );
    expect(told.map(({ key }) => key)).toEqual(['a\\n::error::b [31m', `k${'y'.repeat(79)}…`]);
  });

  it('shows no password of an address, and no key of its query', async () => {
    const urls = ['https://dana:pl4nted@a.example', 'https://a.example/?token=pl4nted&x=1'];
    for (const url of urls) {
      const told = await complaint({ door: { 'registry-url': url } });
      expect(told).toMatch(/^registry-url \(input\): got `https:\/\/.*\*\*\*.*without a user, a password/);
      expect(told).not.toContain('pl4nted');
    }
  });

  it('shows no secret where what was expected quotes the value', async () => {
    const door = { secrets: 'KEY=pl4nted-key', smoke: '- {http: "web:80/?k=pl4nted-key", redirects: follow}' };
    expect(await complaint({ door })).not.toContain('pl4nted');
  });

  it('shows no long text where a variable has no value', async () => {
    const told = await complaint(inFile(`project: "\${NONE}${'x'.repeat(5000)}\\n\\e[31m"`));
    expect(told).toMatch(/^project \(homeport\.yml\): got `\$\{NONE\}x{73}…`, expected the variable `NONE`/);
  });
});
