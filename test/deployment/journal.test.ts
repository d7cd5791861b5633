import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, readJournal } from '../../src/deployment/journal.ts';
import { LocalFiles } from '../../src/hosts/local-files.ts';
import { temporaryFolder } from '../hosts/support.ts';

const files = new LocalFiles();

function newJournal(path = join(temporaryFolder(), 'journal.jsonl')): { journal: Journal; path: string } {
  return { journal: new Journal(files, path, 'd1'), path };
}

async function told(path: string): Promise<string[]> {
  return (await readJournal(files, path)).map(({ action, type, data }) => `${action} ${type} ${JSON.stringify(data)}`);
}

describe('the journal', () => {
  it('has the intent with its undo data on the disk before the change, and the outcome after it', async () => {
    const { journal, path } = newJournal();
    const during: string[] = [];
    const result = await journal.record('start', 'up', { previous: 'r1' }, async () => {
      during.push(...(await told(path)));
      return 42;
    });
    expect(result).toBe(42);
    expect(during).toEqual(['up intent {"previous":"r1"}']);
    expect(await told(path)).toEqual(['up intent {"previous":"r1"}', 'up outcome {"ok":true}']);
  });

  it('tells whose it was and when, and is nobody else’s to read', async () => {
    const { journal, path } = newJournal();
    await journal.record('start', 'up', {}, async () => {});
    const [entry] = await readJournal(files, path);
    expect(entry).toMatchObject({ version: 1, deployment: 'd1', stage: 'start' });
    expect(Math.abs(Date.parse(entry?.at ?? '') - Date.now())).toBeLessThan(5000);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('records that a change failed, and throws its own error on', async () => {
    const { journal, path } = newJournal();
    const error = new Error('the engine is gone');
    await expect(journal.record('start', 'up', {}, () => Promise.reject(error))).rejects.toBe(error);
    expect(await told(path)).toEqual(['up intent {}', 'up outcome {"ok":false}']);
  });

  it('makes no change when its intent can not be written', async () => {
    const { journal } = newJournal(join(temporaryFolder(), 'no', 'such', 'folder'));
    const change = () => expect.unreachable('changed');
    await expect(journal.record('start', 'up', {}, change)).rejects.toThrow('ENOENT');
  });

  it('does not undo a change that went well when its outcome can not be written', async () => {
    const { journal, path } = newJournal();
    const change = async () => {
      await files.remove(path);
      await files.makeFolder(path, 0o700);
      return 42;
    };
    expect(await journal.record('start', 'up', {}, change)).toBe(42);
  });

  it('hides no change’s error behind its own', async () => {
    const { journal, path } = newJournal();
    await files.appendText(path, '', 0o600);
    const change = async () => {
      await files.remove(path);
      await files.makeFolder(path, 0o700);
      throw new Error('the change');
    };
    await expect(journal.record('start', 'up', {}, change)).rejects.toThrow('the change');
  });
});

describe('a journal that is read', () => {
  it('is empty where there is none', async () => {
    expect(await readJournal(files, join(temporaryFolder(), 'none'))).toEqual([]);
  });

  it.each([1, 10, 60])('leaves out a last line that a power loss has torn by %i bytes', async (bytes) => {
    const { journal, path } = newJournal();
    await journal.record('start', 'up', {}, async () => {});
    truncateSync(path, statSync(path).size - bytes);
    expect(await told(path)).toEqual(['up intent {}']);
  });

  it('has every entry that was written after a torn line', async () => {
    const { journal, path } = newJournal();
    await journal.record('start', 'up', {}, async () => {});
    truncateSync(path, statSync(path).size - 10);
    await newJournal(path).journal.record('rollback', 'down', {}, async () => {});
    expect(await told(path)).toEqual(['up intent {}', 'down intent {}', 'down outcome {"ok":true}']);
  });

  it('leaves out what is none of its entries', async () => {
    const { journal, path } = newJournal();
    writeFileSync(path, 'garbage\n{"version":2}\n\n');
    await journal.record('start', 'up', {}, async () => {});
    expect(await told(path)).toHaveLength(2);
    expect(readFileSync(path, 'utf8').startsWith('garbage\n')).toBe(true);
  });
});
