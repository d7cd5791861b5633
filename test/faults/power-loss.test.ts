import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DurableRecord } from './durable-record.ts';
import { beginRecord, losePower } from './power-loss.ts';

describe('a loss of power', () => {
  let folder: string;
  let root: string;
  let record: DurableRecord;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'hp-power-'));
    root = join(folder, 'state');
    mkdirSync(join(root, 'old'), { recursive: true });
    writeFileSync(join(root, 'journal'), 'one\n');
    beginRecord(root, join(folder, 'record'));
    record = new DurableRecord({ record: join(folder, 'record'), root });
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const loseAll = (): void => losePower(root, join(folder, 'record'), () => true);

  async function sync(path: string): Promise<void> {
    const handle = await open(path, 'r');
    const synced = record.syncing(handle.fd);
    await handle.sync();
    synced();
    await handle.close();
  }

  it('leaves what was there before', () => {
    loseAll();
    expect(readdirSync(root)).toEqual(['journal', 'old']);
    expect(readFileSync(join(root, 'journal'), 'utf8')).toBe('one\n');
  });

  it('takes what was appended after the last sync', async () => {
    writeFileSync(join(root, 'journal'), 'one\ntwo\n');
    await sync(join(root, 'journal'));
    writeFileSync(join(root, 'journal'), 'one\ntwo\nthree\n');
    loseAll();
    expect(readFileSync(join(root, 'journal'), 'utf8')).toBe('one\ntwo\n');
  });

  it('leaves a file empty whose name was synced and whose content was not', async () => {
    writeFileSync(join(root, 'new'), 'content');
    await sync(root);
    loseAll();
    expect(readFileSync(join(root, 'new'), 'utf8')).toBe('');
  });

  it('undoes a rename that the folder does not know of', async () => {
    writeFileSync(join(root, 'new'), 'content');
    await sync(join(root, 'new'));
    await rename(join(root, 'new'), join(root, 'journal'));
    loseAll();
    expect(readFileSync(join(root, 'journal'), 'utf8')).toBe('one\n');
  });

  it('keeps a rename that was synced with its folder', async () => {
    writeFileSync(join(root, 'new'), 'content');
    await sync(join(root, 'new'));
    await rename(join(root, 'new'), join(root, 'journal'));
    await sync(root);
    loseAll();
    expect(readFileSync(join(root, 'journal'), 'utf8')).toBe('content');
    expect(readdirSync(root)).toEqual(['journal', 'old']);
  });

  it('leaves what another program has synced', async () => {
    mkdirSync(join(root, 'old', 'deep'));
    writeFileSync(join(root, 'old', 'deep', 'file'), 'content');
    record.synced(join(root, 'old'), true);
    loseAll();
    expect(readFileSync(join(root, 'old', 'deep', 'file'), 'utf8')).toBe('content');
  });

  it('takes links and folders that were not synced, and brings removed ones back', () => {
    symlinkSync('old', join(root, 'current'));
    mkdirSync(join(root, 'fresh'));
    rmSync(join(root, 'old'), { recursive: true });
    loseAll();
    expect(readdirSync(root)).toEqual(['journal', 'old']);
  });

  it('may leave all of it', () => {
    symlinkSync('old', join(root, 'current'));
    writeFileSync(join(root, 'journal'), 'two\n');
    losePower(root, join(folder, 'record'), () => false);
    expect(readdirSync(root)).toEqual(['current', 'journal', 'old']);
    expect(readFileSync(join(root, 'journal'), 'utf8')).toBe('two\n');
  });
});
