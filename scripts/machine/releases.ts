import { createHash } from 'node:crypto';
import { chmod, mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './commands.ts';

/** One file of a project's release, with the file that lists the SHA-256 of each. */
export interface Release {
  /** The address that both files are under, without a slash at its end. */
  folder: string;
  archive: string;
  checksums: string;
}

/**
 * Downloads a release's .tar.gz, checks it against the release's own checksums, and puts the executable into `folder`.
 * @throws when the download fails or the checksum isn't the listed one; `folder` is as it was then
 */
export async function downloadRelease(release: Release, executable: string, folder: string): Promise<void> {
  const [checksums, archive] = await Promise.all([
    download(`${release.folder}/${release.checksums}`, 30),
    download(`${release.folder}/${release.archive}`, 300),
  ]);
  const expected = listedChecksum(checksums.toString('utf8'), release.archive);
  const actual = createHash('sha256').update(archive).digest('hex');
  if (expected !== actual) throw new Error(`the checksum of ${release.archive} is not the one its release lists`);

  await mkdir(folder, { recursive: true });
  // Beside its destination: only a rename on one file system puts it there whole.
  const work = await mkdtemp(join(folder, '.download-'));
  try {
    const tarball = join(work, 'release.tar.gz');
    await writeFile(tarball, archive);
    await run(['tar', '-xzf', tarball, '-C', work, executable], { seconds: 60 });
    await chmod(join(work, executable), 0o755);
    await rename(join(work, executable), join(folder, executable));
  } finally {
    await rm(work, { recursive: true, force: true });
  }
}

/** `<sha256>  <file>` a line, as sha256sum writes it. */
export function listedChecksum(list: string, file: string): string | undefined {
  for (const line of list.split('\n')) {
    const [checksum, name] = line.trim().split(/\s+\*?/);
    if (name === file) return checksum?.toLowerCase();
  }
  return undefined;
}

async function download(address: string, seconds: number): Promise<Buffer> {
  const response = await fetch(address, { signal: AbortSignal.timeout(seconds * 1000) });
  if (!response.ok) throw new Error(`${address} answered ${response.status}`);
  return Buffer.from(await response.arrayBuffer());
}
