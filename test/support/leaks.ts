import { readdirSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';

/** Every way in which programs print a value, made here anew and not by the code under test. */
export function formsOf(secret: string): string[] {
  const percent = encodeURIComponent(secret).replace(/['()!*]/g, (one) => `%${one.charCodeAt(0).toString(16)}`);
  const shifted = ['', 'x', 'xx'].map((before) => {
    const encoded = Buffer.from(before + secret).toString('base64');
    // What depends on the neighbours of the secret is left out.
    return encoded.slice(before === '' ? 0 : 4, -4);
  });
  return [
    secret,
    encodeURIComponent(secret),
    percent,
    percent.replaceAll('%2F', '/'),
    percent.replaceAll(/%[0-9A-F]{2}/g, (one) => one.toLowerCase()),
    JSON.stringify(secret).slice(1, -1),
    ...shifted,
    ...shifted.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

/** Fails where a text has a secret in any form, whole or broken over lines. */
export function expectNoLeak(text: string, secrets: Readonly<Record<string, string>>, where: string): void {
  const joined = text.replaceAll(/\s/g, '');
  for (const [name, secret] of Object.entries(secrets)) {
    for (const form of formsOf(secret)) {
      const at = text.includes(form) ? text.indexOf(form) : joined.indexOf(form);
      const around = (text.includes(form) ? text : joined).slice(Math.max(0, at - 200), at + form.length + 100);
      expect(at, `${name} as ${form} in ${where}:\n${around}`).toBe(-1);
    }
  }
}

/** The command lines of all processes of this machine that have one of these words. */
export function commandLinesWith(words: readonly string[]): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((process) => {
      try {
        const line = readFileSync(`/proc/${process}/cmdline`, 'utf8');
        return words.some((word) => line.includes(word)) ? [line] : [];
      } catch {
        // It has ended.
        return [];
      }
    });
}

/** All plain files below a folder. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}
