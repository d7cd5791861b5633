import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';
import { testStage } from '../../src/stages/test.ts';
import { type Deployment, runStages } from '../deployment/support.ts';
import { request } from '../request/sources.ts';

/** A folder with these files, removed after the test. */
export function checkout(files: Readonly<Record<string, string>> = {}): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'homeport-gates-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

export interface Gated extends Deployment {
  readonly said: string;
  readonly warnings: readonly string[];
}

/** Runs the gates of a request with real commands in that folder. */
export async function gate(
  door: Record<string, unknown>,
  folder: string,
  secrets: readonly string[] = [],
): Promise<Gated> {
  const source = { root: folder, workingDirectory: folder, commit: 'c', committedAt: new Date(), branch: null };
  const redactor = new Redactor();
  for (const secret of secrets) redactor.add(secret);
  const deployment = await runStages([{ ...testStage(await request({ door })), needs: [] }], {
    door,
    secrets,
    facts: { source },
    host: new LocalHost({ redactor }),
  });
  const said = deployment.events.flatMap((event) => (event.type === 'line' ? [event.text] : [])).join('\n');
  return { ...deployment, said, warnings: deployment.report.warnings };
}
