import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

const host = new LocalHost({ redactor: new Redactor() });
let folder = '';

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'homeport-input-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true, force: true });
});

describe('a file as standard input', () => {
  it('is read by the command to its last byte', async () => {
    const file = join(folder, 'dump');
    await writeFile(file, randomBytes(3_000_000));
    const result = await host.exec(['wc', '-c'], { input: { file }, timeout: 10_000 });
    expect(result).toMatchObject({ outcome: 'success', stdout: '3000000\n' });
  });

  it('may be left unread', async () => {
    const file = join(folder, 'dump');
    await writeFile(file, randomBytes(3_000_000));
    const result = await host.exec(['true'], { input: { file }, timeout: 10_000 });
    expect(result.outcome).toBe('success');
  });

  it('that is gone is told by the result, and nothing is run', async () => {
    const made = join(folder, 'made');
    const result = await host.exec(['touch', made], { input: { file: join(folder, 'gone') }, timeout: 10_000 });
    expect(result.outcome).toBe('failed');
    expect(result.tail).toContain('ENOENT');
    expect(await host.files.stat(made)).toBeNull();
  });
});
