import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../src/request/invalid-request.ts';
import { parseRequest } from '../../src/request/parse-request.ts';
import { addRequestFlags, flagsToDoor } from '../../src/request/read-flags.ts';
import { type RequestKey, requestKeys } from '../../src/request/schema.ts';

interface Around {
  environment?: Record<string, string>;
  files?: Record<string, string>;
}

async function doorOf(argv: string[], { environment = {}, files = {} }: Around = {}) {
  const keys = requestKeys.filter((key) => key !== 'command');
  const command = addRequestFlags(new Command().exitOverride().configureOutput({ writeErr: () => {} }), keys);
  command.parse(argv, { from: 'user' });
  return flagsToDoor(command.opts(), environment, async (path) => {
    const text = files[path];
    if (text === undefined) throw new Error(`no such file: ${path}`);
    return text;
  });
}

async function refusalOf(argv: string[], around: Around = {}): Promise<string> {
  const door = await doorOf(argv, around);
  const parsed = parseRequest({ door, doorName: 'flag', environment: {}, readText: async () => null });
  const error = await parsed.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (!(error instanceof InvalidRequestError)) throw new Error('The request was accepted.');
  return error.message;
}

describe('flags become the door of a request', () => {
  it.each([
    ['nothing', [], {}],
    ['a text', ['--working-directory', 'app'], { 'working-directory': 'app' }],
    ['a text with an equals sign', ['--timeout=3m'], { timeout: '3m' }],
    ['a negative chat', ['--telegram-chat', '-100123'], { 'telegram-chat': '-100123' }],
    ['a yes', ['--skip-tests'], { 'skip-tests': true }],
    ['a yes in words', ['--skip-tests', 'true'], { 'skip-tests': 'true' }],
    ['a no', ['--no-summary'], { summary: false }],
    ['a no in words', ['--summary=false'], { summary: 'false' }],
    ['a no for what is off anyway', ['--no-skip-tests'], { 'skip-tests': false }],
    ['a list', ['--services', 'a', '--services', 'b'], { services: ['a', 'b'] }],
    ['lines', ['--build-args', 'A=1', '--build-args', 'B=2'], { 'build-args': 'A=1\nB=2' }],
    ['YAML text', ['--tests', 'unit: npm test'], { tests: 'unit: npm test' }],
  ])('%s', async (_, argv, expected) => {
    expect(await doorOf(argv)).toEqual(expected);
  });

  it('with structured values from a file', async () => {
    const files = { 'smoke.yml': '- http: a', 'args.env': 'B=2' };
    const argv = ['--smoke', '@smoke.yml', '--build-args', 'A=1', '--build-args', '@args.env'];
    expect(await doorOf(argv, { files })).toEqual({ smoke: '- http: a', 'build-args': 'A=1\nB=2' });
  });

  it('and a file that can not be read is a problem of that flag, beside all others', async () => {
    const message = await refusalOf(['--smoke', '@none.yml', '--timeout', '3']);
    expect(message).toContain('smoke (flag): expected a file that can be read (no such file: none.yml)');
    expect(message).toContain('timeout (flag): got `3`');
  });

  it('and what is not built yet is refused as that', async () => {
    expect(await refusalOf(['--strategy', 'rolling'])).toContain('strategy (flag): expected `strategy` to be left out');
  });
});

describe('a secret', () => {
  it('comes from a file, else from the environment', async () => {
    const around = {
      environment: { HOMEPORT_TELEGRAM_TOKEN: 'env', HOMEPORT_SECRETS: 'A=1' },
      files: { '-': '1:abc\n' },
    };
    expect(await doorOf([], around)).toEqual({ 'telegram-token': 'env', secrets: 'A=1' });
    expect(await doorOf(['--telegram-token-file', '-'], around)).toEqual({
      'telegram-token': '1:abc\n',
      secrets: 'A=1',
    });
  });

  it.each<[RequestKey, string]>([
    ['telegram-token', 'HOMEPORT_TELEGRAM_TOKEN'],
    ['secrets', 'HOMEPORT_SECRETS'],
  ])('is refused as the value of --%s, with the way to do it', async (key, variable) => {
    const message = await refusalOf([`--${key}`, 'sw0rdfish']);
    expect(message).toContain(variable);
    expect(message).toContain(`--${key}-file`);
    expect(message).not.toContain('sw0rdfish');
  });

  it('from an empty file is not taken for none', async () => {
    expect(await refusalOf(['--secrets-file', 'empty'], { files: { empty: '\n' } })).toContain(
      'secrets (flag): expected something in empty: it is empty',
    );
  });

  it('can not share standard input with another one', async () => {
    const message = await refusalOf(['--secrets-file', '-', '--telegram-token-file', '-', '--telegram-chat', '1'], {
      files: { '-': 'A=1' },
    });
    expect(message).toContain('telegram-token (flag): expected another source than standard input');
    expect(message).not.toContain('A=1');
  });
});

describe('the help', () => {
  const help = addRequestFlags(new Command('deploy'), requestKeys).helpInformation();

  it('tells what a flag means, its default, and how a secret gets in', () => {
    expect(help).toMatch(/--backup-keep <value>\s+older backups go/);
    expect(help.replaceAll(/\s+/g, ' ')).toContain('(default: 7d)');
    expect(help).toContain('--telegram-token-file <path>');
    expect(help).toContain('HOMEPORT_TELEGRAM_TOKEN');
    expect(help).toContain('--no-summary');
  });

  it('does not offer what would be refused', () => {
    expect(help).not.toMatch(/--(secrets|telegram-token|strategy|targets) /);
  });
});
