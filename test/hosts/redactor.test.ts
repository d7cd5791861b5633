import { describe, expect, it } from 'vitest';
import { printable } from '../../src/hosts/printable.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

function redact(secrets: readonly string[], text: string): string {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor.redact(text);
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

describe('the redactor', () => {
  it.each([
    ['a secret', ['hunter2'], 'password hunter2!', 'password ***!'],
    ['each time', ['hunter2'], 'hunter2 hunter2', '*** ***'],
    ['the longer one of two that overlap', ['abc', 'abcdef'], 'abcdef', '***'],
    ['what a pattern would read otherwise', ['a.c*[x]$'], 'aXc a.c*[x]$', 'aXc ***'],
    ['each line of a key', ['-----BEGIN\nMIIEpA\nEND-----'], 'it says MIIEpA here', 'it says *** here'],
    ['a secret with a line end behind it', ['hunter2\n'], 'hunter2', '***'],
    ['a secret in a URL', ['p@ss/word'], 'https://u:p%40ss%2Fword@db', 'https://u:***@db'],
    ['a secret in a form', ['p@ss word'], 'key=p%40ss+word&x', 'key=***&x'],
    ['what Python encodes', ["p@ss/w'rd"], 'https://u:p%40ss/w%27rd@db', 'https://u:***@db'],
    ['an encoding in small letters', ['p@ss/word'], 'https://u:p%40ss%2fword@db', 'https://u:***@db'],
    ['what is left of half a character', ['hunter\ud8002'], 'hunter\ud8002', '***'],
    ['the base64 of URLs', ['\u00ff\u00fe\u00ff\u00fe?>~?'], 'x=w7_DvsO_w74_Pn4_', 'x=***'],
    ['a secret in JSON', ['say "hi"'], JSON.stringify({ key: 'say "hi"' }), '{"key":"***"}'],
  ])('hides %s', (_what, secrets, text, redacted) => {
    expect(redact(secrets, text)).toBe(redacted);
  });

  it.each(['aa', '', 'true', 'false', '  '])('leaves %j alone: it would blank out half of any log', (secret) => {
    expect(redact([secret], `it is ${secret} or aa true`)).toBe(`it is ${secret} or aa true`);
  });

  it('does nothing without a secret', () => {
    expect(redact([], 'plain')).toBe('plain');
  });

  // Each length ends in another of base64's three shapes, each prefix begins in one.
  const lengths = [8, 9, 10, 11];
  const prefixes = ['', 'u', 'us', 'user:'];
  it.each(lengths.flatMap((length) => prefixes.map((prefix) => [length, prefix] as const)))(
    'hides a secret of %i characters in base64 behind %j',
    (length, prefix) => {
      const secret = 'S3cr-t~Phr4se'.slice(0, length);
      const redacted = redact([secret], base64(`${prefix}${secret}@host`));
      expect(redacted).toContain('***');
      // What is left at the edges tells no two characters of it.
      for (const part of redacted.split('***')) {
        const left = Buffer.from(part, 'base64').toString('latin1');
        for (let at = 0; at < secret.length - 1; at++) expect(left).not.toContain(secret.slice(at, at + 2));
      }
    },
  );

  it('hides a thousand secrets, and one of a megabyte, in a moment', () => {
    const redactor = new Redactor();
    for (let index = 0; index < 1000; index += 1) redactor.add(`common-beginning-${index}-x`);
    redactor.add('long '.repeat(200_000));
    const begin = performance.now();
    for (let index = 0; index < 1000; index += 1) {
      expect(redactor.redact(`says common-beginning-${index}-x.`)).toBe('says ***.');
    }
    expect(performance.now() - begin).toBeLessThan(3000);
  });

  describe('where a secret is broken over lines', () => {
    const secret = 'p@ss/w0rd-of-the-shop';
    const forms = [secret, encodeURIComponent(secret), base64(secret), base64(`xy${secret}`), base64(`x${secret}`)];

    it.each(forms)('finds it wherever that is: %s', (form) => {
      for (let at = 1; at < form.length - 1; at += 1) {
        const redacted = redact([secret], `before ${form.slice(0, at)}\n${form.slice(at)} behind\nand more`);
        expect(redacted.replaceAll(/\s/g, '')).toMatch(/^before.{0,4}\*\*\*.{0,4}behindandmore$/);
      }
    });

    it.each([
      ['many lines', 'p@s\ns/w\n0rd\n-of\n-the\n-sh\nop'],
      ['line ends of Windows', 'p@ss/w0rd\r\n-of-the-shop'],
      ['indented lines', 'p@ss/w0rd\n      -of-the-shop'],
    ])('finds it over %s', (_what, text) => {
      expect(redact([secret], `a ${text} b\nc`)).toBe('a *** b\nc');
    });

    it('finds what base64 breaks after 76 characters', () => {
      const long = Array.from({ length: 20 }, (_, index) => `part-${index}`).join('/');
      const wrapped = base64(long).replaceAll(/(.{76})/g, '$1\n');
      expect(redact([long], `${wrapped}\nthe end`)).toMatch(/^\*\*\*.{0,4}\nthe end$/);
    });

    it('leaves short ones alone: they are there by accident', () => {
      expect(redact(['1234567'], '123\n4567')).toBe('123\n4567');
    });

    it('knows where one may have begun, from its first character on', () => {
      const redactor = new Redactor();
      redactor.add(secret);
      for (let at = 1; at < secret.length; at += 1) {
        expect(redactor.mayGoOn(`told: ${secret.slice(0, at)}`)).toBe(true);
        expect(redactor.mayGoOn(`told: ${secret.slice(0, 1)}\n  ${secret.slice(1, at)}`)).toBe(true);
      }
      expect(redactor.mayGoOn(`told: ${secret}!`)).toBe(false);
      expect(redactor.mayGoOn('nothing')).toBe(false);
      expect(new Redactor().mayGoOn('p')).toBe(false);
    });
  });

  it('tells all forms, for the masks of the runner', () => {
    const redactor = new Redactor();
    redactor.add('p@ssword');
    expect(redactor.forms).toEqual(expect.arrayContaining(['p@ssword', 'p%40ssword']));
  });
});

describe('a printed command', () => {
  it.each([
    [['docker', 'ps', '--filter', 'label=a.b/c:1'], 'docker ps --filter label=a.b/c:1'],
    [['echo', 'a b', ''], "echo 'a b' ''"],
    [['echo', "it's"], `echo 'it'\\''s'`],
    [['echo', '$HOME', '*'], "echo '$HOME' '*'"],
  ])('%j is what one would type', (argv, text) => {
    expect(printable(argv)).toBe(text);
  });
});
