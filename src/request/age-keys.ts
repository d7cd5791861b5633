import { z } from 'zod';
import { list } from './value-types.ts';

/*
 * What age's keys look like (https://age-encryption.org/v1): Bech32 (BIP 173, without its limit of length), whose checksum
 * shows a mistyped one. Checked here, where a request is read: to load the library for it would slow every command down.
 */

/** Bytes of a key, by what stands before the `1`. */
const recipientBytes: Readonly<Record<string, number>> = { age: 32, age1pq: 1216 };
const identityBytes: Readonly<Record<string, number>> = { 'age-secret-key-': 32, 'age-secret-key-pq-': 32 };

const recipientExpected = 'an age recipient such as `age1…` (`age-keygen` makes one)';
const sshExpected = `${recipientExpected}; SSH keys are no recipients of Homeport's`;

/** Each may be given twice: the first one counts. */
export const ageRecipients = list
  .pipe(
    z.array(
      z.string().superRefine((value, context) => {
        if (value === value.toLowerCase() && isKey(value, recipientBytes)) return;
        // An identity that was put here by mistake is a secret, and what is wrong is shown to people.
        const secret = /^age-secret-key-/i.test(value);
        const message = secret ? `${recipientExpected}, and never the identity itself` : recipientExpected;
        context.addIssue({ code: 'custom', message: value.startsWith('ssh-') ? sshExpected : message });
      }),
    ),
  )
  .transform((recipients) => [...new Set(recipients)]);

const identityExpected =
  'the text of an age identity file, with lines `AGE-SECRET-KEY-1…` (one with a passphrase: `age --decrypt` it first)';

/** The keys of an identity file, without its comments. */
export const ageIdentities = z.string(identityExpected).transform((value, context) => {
  const lines = value
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const good = lines.length > 0 && lines.every((line) => line === line.toUpperCase() && isKey(line, identityBytes));
  if (good) return lines;
  context.addIssue({ code: 'custom', message: identityExpected });
  return z.NEVER;
});

const alphabet = 'qpzry9x8gf2tvdw0s3jn54khce6mua7l';

function isKey(text: string, bytes: Readonly<Record<string, number>>): boolean {
  const lower = text.toLowerCase();
  const separator = lower.lastIndexOf('1');
  const prefix = lower.slice(0, separator);
  const length = Object.hasOwn(bytes, prefix) ? bytes[prefix] : undefined;
  const words = [...lower.slice(separator + 1)].map((letter) => alphabet.indexOf(letter));
  if (length === undefined || words.includes(-1) || words.length !== Math.ceil((length * 8) / 5) + 6) return false;
  const codes = [...prefix].map((letter) => letter.charCodeAt(0));
  return checksum([...codes.map((code) => code >> 5), 0, ...codes.map((code) => code & 31), ...words]) === 1;
}

/** The BCH code of BIP 173: 1 for what is as it was made. */
function checksum(values: readonly number[]): number {
  const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3];
  return values.reduce((before, value) => {
    const shifted = ((before & 0x1ffffff) << 5) ^ value;
    return generators.reduce((sum, one, bit) => ((before >> 25) & (1 << bit) ? sum ^ one : sum), shifted);
  }, 1);
}
