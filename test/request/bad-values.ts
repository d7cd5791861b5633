import { requestKeys } from '../../src/request/schema.ts';
import { unbuiltKeys } from '../../src/request/unbuilt.ts';

/** One thing that nobody can mean. */
export interface Bad {
  readonly what: string;
  /** `null`: `value` is the whole settings file. */
  readonly key: string | null;
  readonly value: unknown;
  /** The keys of the problems have to have it, one at least. */
  readonly blamed: RegExp;
  /** A known key by one slip: there has to be a guess. */
  readonly typo?: boolean;
}

/** Stands in every secret value: never to be seen again. */
export const secretMark = 'pl4nted-s3cret';

/** Small, known and the same everywhere: mulberry32. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** A whole number from 0, less than `below`. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  }

  of<T>(values: readonly T[]): T {
    return values[this.below(values.length)] as T;
  }

  text(characters: string, length: number): string {
    return Array.from({ length }, () => this.of([...characters])).join('');
  }
}

const exactly = (key: string) => new RegExp(`^${key.replaceAll(/[.*+?^$()[\]{}|\\]/g, '\\$&')}`, 'mi');
const letters = 'abcdefghijklmnopqrstuvwxyz';
const quotes = (dice: Dice) => dice.text(`"'\`:{}[]#&*!|>%@\n\t-`, 12);

const durations = ['backup-keep', 'start-timeout', 'startup-wait', 'keep-releases-for', 'timeout', 'lock-timeout'];
const numbers = ['coverage-minimum', 'keep-releases', 'telegram-thread'];
const flags = ['backup-required', 'skip-tests', 'build', 'rollback-on-failure', 'rollback-database', 'summary'];
const addresses = ['telegram-api-url', 'environment-url', 'registry-url'];
const lists = ['compose-file', 'profiles', 'services', 'env-file', 'test-report', 'coverage-report'];
const texts = ['working-directory', 'state-directory', 'environment', 'metrics-file', ...lists];
const prototypes = ['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', '__defineGetter__'];

type Maker = (dice: Dice) => Omit<Bad, 'what'>;

const simple =
  (keys: readonly string[], value: (dice: Dice) => unknown): Maker =>
  (dice) => {
    const key = dice.of(keys);
    return { key, value: value(dice), blamed: exactly(key) };
  };

/** What is inside a structured value, and the place that is to blame in it. */
const inside = (key: string, made: (dice: Dice) => readonly [unknown, RegExp]): Maker => {
  return (dice) => {
    const [value, blamed] = made(dice);
    return { key, value, blamed };
  };
};

const smoke = (made: (dice: Dice) => readonly [Record<string, unknown>, string]): Maker =>
  inside('smoke', (dice) => {
    const before = Array.from({ length: dice.below(3) }, () => ({ tcp: 'db:5432' }));
    const [entry, place] = made(dice);
    return [[...before, entry], exactly(`smoke entry ${before.length + 1}${place}`)];
  });

const makers: Readonly<Record<string, Maker>> = {
  'a malformed duration': simple(durations, (dice) => {
    const amount = String(1 + dice.below(1000));
    return dice.of([amount, `-${amount}s`, `${amount}w`, `${amount}s${amount}m`, `${amount},5s`, `s${amount}`, 'soon']);
  }),
  'a duration without end': simple(
    durations,
    (dice) => `${'9'.repeat(20 + dice.below(400))}${dice.of(['d', 'h', 's'])}`,
  ),
  'a malformed size': simple(['minimum-free-disk'], (dice) =>
    dice.of([
      `${dice.below(99)}`,
      `-${dice.below(9)}GiB`,
      `${dice.below(99)}GB`,
      'all',
      '1e3MiB',
      `${'9'.repeat(300)}TiB`,
    ]),
  ),
  'a malformed number': simple(numbers, (dice) =>
    dice.of(['-1', '70%', '1,5', 'NaN', 'Infinity', '0x10', '1e1000', '9'.repeat(30), '٣', dice.text(letters, 5)]),
  ),
  'neither true nor false': simple(flags, (dice) =>
    dice.of(['yes', 'no', 'TRUE', 'on', '1', '0', 'null', quotes(dice)]),
  ),
  'none of the choices': simple(['notify', 'backup-verify', 'backup'], (dice) => `${dice.text(letters, 6)}-x`),
  'no project name': simple(['project'], (dice) =>
    dice.of(['My Shop', '../other', '-rf', '/etc', 'shop/..', 'shöp', `a\u001b[31m`, `.${dice.text(letters, 4)}`]),
  ),
  'no address': simple(addresses, (dice) =>
    dice.of(['ftp://a.example', 'a.example', 'http://', 'javascript:alert(1)', 'file:///etc/passwd', quotes(dice)]),
  ),
  'a secret in an address that is printed': simple(['registry-url'], () => `https://u:${secretMark}@a.example`),
  'a secret key that is no address': simple(['webhook-url'], (dice) => `${dice.text(letters, 5)} ${secretMark}`),
  'secrets that are no lines': simple(['secrets'], (dice) =>
    dice.of([secretMark, `A-B=${secretMark}`, `A="${secretMark}`, `=${secretMark}`, `A=1\n${secretMark} B`]),
  ),
  'secrets of a wrong type': simple(['secrets'], (dice) =>
    dice.of<unknown>([[secretMark], { A: [secretMark] }, { A: { B: secretMark } }, { 'a b': secretMark }, 5]),
  ),
  'build arguments that are no lines': simple(['build-args'], (dice) => dice.of(['A', 'a-b=1', '1A=2', 'A="1', '= 5'])),
  'a list of a wrong type': simple(lists, (dice) => dice.of<unknown>([{ a: 'b' }, 5, [['a']], [''], [{}], true])),
  'a text of a wrong type': simple(['working-directory', 'state-directory', 'environment'], (dice) =>
    dice.of<unknown>([['a'], { a: 'b' }, 5, true, [[[]]]]),
  ),
  'a NUL character': simple(
    texts.filter((key) => key !== 'metrics-file'),
    (dice) => `${dice.text(letters, 3)}\0${dice.text(letters, 3)}`,
  ),
  'a text without end': simple([...lists, 'working-directory', 'state-directory'], (dice) =>
    dice.of([...letters]).repeat(1_000_000),
  ),
  'a list without end': simple(lists, () => 'a\n'.repeat(100_000)),
  'YAML without end': simple(['tests', 'smoke', 'migrate', 'budgets', 'backup'], (dice) =>
    dice.of(['- a\n', 'a: b\n', '[', '{a: ', '"', '&a [*a], ']).repeat(200_000),
  ),
  'YAML that is none': simple(
    ['tests', 'smoke', 'migrate', 'budgets'],
    (dice) => `{${quotes(dice).replaceAll('}', '')}`,
  ),
  'YAML with tabs': simple(
    ['tests', 'migrate'],
    (dice) => `${dice.text(letters, 4)}:\n\t${dice.text(letters, 4)}: make\n\tb: c`,
  ),
  'YAML within itself': simple(['tests', 'smoke', 'migrate', 'budgets'], (dice) =>
    dice.of(['&a [*a]', 'a: &a {b: *a}', '&a {command: *a}', '[&a [*a]]', '*nobody']),
  ),
  'YAML that explodes': simple(['tests', 'smoke', 'budgets'], (dice) => {
    const many = 5 + dice.below(5);
    const level = (name: string, of: string) => `${name}: &${name} [${Array(many).fill(of).join(', ')}]`;
    return ['abcdefghi', ...'']
      .join('')
      .split('')
      .map((name, at, all) => level(name, at === 0 ? 'lol' : `*${all[at - 1]}`))
      .join('\n');
  }),
  'YAML that is deep': simple(['tests', 'smoke', 'budgets'], (dice) => {
    const deep = 65 + dice.below(500);
    return '['.repeat(deep) + ']'.repeat(deep);
  }),
  'a name of the prototype': (dice) => {
    const key = dice.of(prototypes);
    // No map of ours could hold it: then it is the file that is refused.
    const blamed = key === '__proto__' ? /^(?:__proto__|homeport\.yml)/m : exactly(key);
    return { key, value: dice.of(['x', '1', 'true']), blamed };
  },
  'a name of the prototype inside': (dice) => {
    const key = dice.of(['tests', 'smoke', 'migrate', 'budgets', 'backup']);
    return {
      key,
      value: dice.of(['__proto__: make', '{__proto__: {a: b}}', '[{__proto__: x}]']),
      blamed: exactly(key),
    };
  },
  'an unknown key by one slip': (dice) => {
    const known = dice.of(requestKeys.filter((key) => key.length > 6));
    const key = slip(dice, known);
    const taken = ([...requestKeys, ...unbuiltKeys] as readonly string[]).includes(key);
    return {
      key: taken ? `${known}s` : key,
      value: secretMark,
      blamed: exactly(taken ? `${known}s` : key),
      typo: true,
    };
  },
  'what is not built': (dice) => {
    const key = dice.of(unbuiltKeys);
    return { key, value: secretMark, blamed: exactly(key) };
  },
  'suites of a wrong type': inside('tests', (dice) => {
    const name = dice.text(letters, 4);
    const value = dice.of<unknown>([
      5,
      ['make'],
      { timeout: '5m' },
      { command: 'a', timeout: 5 },
      { comand: 'a' },
      '',
      null,
    ]);
    return [{ ok: 'make', [name]: value }, exactly(`tests.${name}`)];
  }),
  'budgets of a wrong type': inside('budgets', (dice) => {
    const value = dice.of<unknown>([
      './spent.sh',
      { command: 'a' },
      { command: 'a', maximum: '5k' },
      { maximum: 1 },
      [1],
    ]);
    return [{ tokens: value }, exactly('budgets.tokens')];
  }),
  'migrations of a wrong type': inside('migrate', (dice) => {
    return [{ web: dice.of<unknown>([5, [], ['a'], {}, '', null, true, 'a\0b']) }, exactly('migrate.web')];
  }),
  'a check of no kind': smoke((dice) => [{ [dice.of(['htp', 'ping', 'status', 'command'])]: 'a' }, '']),
  'a check of two kinds': smoke(() => [{ http: 'a', tcp: 'b:1' }, '']),
  'a check with a wrong field': smoke((dice) => {
    const [field, value] = dice.of<readonly [string, unknown]>([
      ['status', 'ok'],
      ['status', 99],
      ['under', 500],
      ['retries', -1],
      ['retries', 1.5],
      ['interval', '-1s'],
      ['timeout', '0s'],
      ['body', '/(/'],
      ['header', {}],
      ['json', []],
      ['redirects', 304],
      ['insecure', 'yes'],
      ['timout', '5s'],
    ]);
    return [{ http: 'http://localhost/', [field]: value }, `, ${field}`];
  }),
  'a command of a wrong type': smoke((dice) => {
    return [
      { exec: { service: 'web', command: dice.of<unknown>([5, [], {}, '', ['a', 3], ['a\0']]) } },
      ', exec.command',
    ];
  }),
  'limits of a wrong type': smoke((dice) => {
    const limit = dice.of(['memory', 'cpu', 'disk']);
    return [
      { resources: { [limit]: dice.of<unknown>([90, '101%', '-1%', '90', {}, 'NaN%']) } },
      `, resources.${limit}`,
    ];
  }),
  'a backup of a wrong kind': inside('backup', (dice) => {
    const entry = dice.of<unknown>([
      'db',
      {},
      { service: 'db' },
      { service: 'db', kind: dice.text(letters, 6) },
      { service: 'db', kind: 'sqlite' },
      { service: 'db', kind: 'postgres', path: '/a' },
      { service: 'db', kind: 'postgres', usr: 'a' },
      { service: ['db'], kind: 'postgres' },
    ]);
    return [[entry], /^backup entry 1/m];
  }),
  'what can not go together': (dice) =>
    dice.of([
      { key: 'telegram-token', value: secretMark, blamed: exactly('telegram-token') },
      { key: 'telegram-chat', value: '1', blamed: exactly('telegram-chat') },
      { key: 'telegram-thread', value: '1', blamed: exactly('telegram-thread') },
      { key: 'webhook-secret', value: secretMark, blamed: exactly('webhook-secret') },
      { key: 'environment-url', value: 'https://a.example', blamed: exactly('environment-url') },
      { key: 'file', value: 'a.dump', blamed: exactly('file') },
      { key: 'to', value: '../../etc', blamed: exactly('to') },
      { key: 'smoke', value: '- telegram: true', blamed: exactly('smoke entry 1, telegram') },
    ]),
  'a file that is no YAML': (dice) => ({
    key: null,
    value: dice.of([
      `{${quotes(dice).replaceAll('}', '')}`,
      'a: [1',
      'a: b: c',
      '\tbuild: true',
      'a: "b',
      '%YAML 9.9\n---\n: [',
    ]),
    blamed: /^homeport\.yml/m,
  }),
  'a file that is no map': (dice) => ({
    key: null,
    value: dice.of(['- a\n- b', 'hello', '5', '"text"', '[]', 'true', 'a'.repeat(300_000)]),
    blamed: /^homeport\.yml/m,
  }),
  'a file with a key twice': (dice) => {
    const key = dice.of(requestKeys);
    return { key: null, value: `${key}: a\n${'# x\n'.repeat(dice.below(5))}"${key}": b`, blamed: /^homeport\.yml/m };
  },
  'a variable that is none': (dice) => ({
    key: null,
    value: `project: "${dice.of(['${NAME', '${1}', '${}', '${A:?b}', '${A:=b}', '${MISSING}', '${__proto__}', `\${${'A'.repeat(5000)}`])}"`,
    blamed: /^project/m,
  }),
};

function slip(dice: Dice, word: string): string {
  const at = 1 + dice.below(word.length - 2);
  const slips = [
    word.slice(0, at) + word.slice(at + 1),
    word.slice(0, at) + word[at] + word.slice(at),
    word.slice(0, at) + word[at + 1] + word[at] + word.slice(at + 2),
    word.slice(0, at) + dice.of([...letters]) + word.slice(at + 1),
    word.replaceAll('-', '_'),
  ].filter((one) => one !== word);
  return dice.of(slips);
}

/** So many bad requests of this seed, of each kind about equally many. */
export function badRequests(seed: number, count: number): Bad[] {
  const dice = new Dice(seed);
  const kinds = Object.entries(makers);
  return Array.from({ length: count }, (_, index) => {
    const [what, make] = kinds[index % kinds.length] as (typeof kinds)[number];
    return { what, ...make(dice) };
  });
}
