import { X509Certificate } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Where Debian and its family keep all trusted authorities in one file. */
export const BUNDLE = '/etc/ssl/certs/ca-certificates.crt';

/**
 * Puts the machine's own extra certificate authorities (those that Debian doesn't ship: a company's proxy, say) into a
 * Debian root folder, so that npm and pip work in the containers wherever they work on the machine.
 * `update-ca-certificates` has to run there afterwards.
 * @returns how many there are
 */
export async function addExtraAuthorities(root: string): Promise<number> {
  const machine = certificatesIn(await readFile(BUNDLE, 'utf8').catch(() => ''));
  const shipped = join(root, 'usr/share/ca-certificates/mozilla');
  const known = new Set<string>();
  for (const file of await readdir(shipped)) {
    for (const certificate of certificatesIn(await readFile(join(shipped, file), 'utf8'))) {
      known.add(certificate.fingerprint256);
    }
  }
  const extra = machine.filter(({ fingerprint256 }) => !known.has(fingerprint256));
  for (const [index, certificate] of extra.entries()) {
    await writeFile(join(root, `usr/local/share/ca-certificates/machine-${index + 1}.crt`), certificate.toString());
  }
  return extra.length;
}

function certificatesIn(text: string): X509Certificate[] {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}
