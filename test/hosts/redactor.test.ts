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
