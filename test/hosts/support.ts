import { execFileSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ExecOptions, ExecResult } from '../../src/hosts/host.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

/** An empty folder of this test alone. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-test-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder on a file system of 1 MiB; `null` where this user may not mount one. */
export function smallDisk(): string | null {
  if (process.getuid?.() !== 0) return null;
  const folder = temporaryFolder();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return null;
  }
  // Runs before the folder itself is removed.
  onTestFinished(() => {
    execFileSync('umount', ['--lazy', folder]);
  });
  return folder;
}

export function localHost(secrets: readonly string[] = []): LocalHost {
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  return new LocalHost({ redactor });
}

/** Runs a constant script of this test. */
export async function sh(script: string, options: Partial<ExecOptions> = {}, host = localHost()): Promise<ExecResult> {
  return await host.exec(['bash', '-c', script], { timeout: 20_000, ...options });
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
