import { generateHybridIdentity, generateX25519Identity, identityToRecipient } from 'age-encryption';
import { describe, expect, it } from 'vitest';
import { secretValues } from '../../src/request/secret-values.ts';
import { complaint, refusal, request } from './sources.ts';

const made = async (make: () => Promise<string>) => {
  const identity = await make();
  return { identity, recipient: await identityToRecipient(identity) };
};
const one = await made(generateX25519Identity);
const hybrid = await made(generateHybridIdentity);

describe('`backup-encrypt-to`', () => {
  it('takes the recipients that age makes, one a line, each once', async () => {
    const text = `${one.recipient}\n\n  ${hybrid.recipient}\n${one.recipient}\n`;
    const read = await request({ door: { 'backup-encrypt-to': text } });
    expect(read['backup-encrypt-to']).toEqual([one.recipient, hybrid.recipient]);
    expect((await request({}))['backup-encrypt-to']).toEqual([]);
  });

  it('refuses a recipient with any letter mistyped', async () => {
    for (const at of [4, 20, 40, one.recipient.length - 1]) {
      const letter = one.recipient[at] === 'q' ? 'p' : 'q';
      const mistyped = `${one.recipient.slice(0, at)}${letter}${one.recipient.slice(at + 1)}`;
      expect(await complaint({ door: { 'backup-encrypt-to': mistyped } })).toContain(
        'expected an age recipient such as `age1…`',
      );
    }
  });

  it.each(['age1', 'age1qqqq', 'alice', one.recipient.slice(0, -1), `${one.recipient}q`, one.recipient.toUpperCase()])(
    'refuses %s',
    async (value) => {
      const { message, exitCode } = await refusal({ door: { 'backup-encrypt-to': value } });
      expect(message).toContain('expected an age recipient such as `age1…`');
      expect(exitCode).toBe(64);
    },
  );

  it('says of an SSH key that it is none, and which of several it is', async () => {
    const text = `${one.recipient}\nssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAA me@example`;
    expect(await complaint({ door: { 'backup-encrypt-to': text } })).toMatch(
      /^backup-encrypt-to entry 2 .*SSH keys are no recipients/,
    );
  });

  it('never shows an identity that was taken for a recipient', async () => {
    const { message } = await refusal({ door: { 'backup-encrypt-to': one.identity } });
    expect(message).toContain('never the identity itself');
    expect(message).not.toContain(one.identity.slice(20));
  });
});

describe('`backup-identity`', () => {
  const file = `# created: 2025-11-21\n# public key: ${one.recipient}\n${one.identity}\n${hybrid.identity}\n`;

  it('is the text of an identity file, each key of which is a secret', async () => {
    const read = await request({ door: { 'backup-identity': file } });
    expect(read['backup-identity']).toEqual([one.identity, hybrid.identity]);
    expect(secretValues(read)).toEqual(expect.arrayContaining([one.identity, hybrid.identity]));
  });

  it.each(['# nothing in it', 'age-encryption.org/v1', one.recipient, `${one.identity.slice(0, -1)}Q`])(
    'is refused where it is none, and not shown',
    async (value) => {
      const { message } = await refusal({ door: { 'backup-identity': value } });
      expect(message).toContain('backup-identity (input): expected the text of an age identity file');
      expect(message).not.toContain(value);
    },
  );

  it('must be there to restore an encrypted backup', async () => {
    const door = { command: 'restore', file: '/backups/db-shop.dump.age' };
    expect(await complaint({ door })).toBe(
      'file (input): expected `backup-identity` beside it: the file is encrypted (`--backup-identity-file F`)',
    );
    expect((await request({ door: { ...door, 'backup-identity': file } })).file).toBe(door.file);
    expect((await request({ door: { ...door, file: '/backups/db-shop.dump' } })).command).toBe('restore');
  });
});
