import { readFileSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Journal, readJournal } from '../../src/deployment/journal.ts';
import type { Beginning } from '../../src/deployment/unfinished.ts';
import { localHost, smallDisk, temporaryFolder } from '../hosts/support.ts';

const host = localHost();
const { files } = host;

const beginning: Beginning = {
  owner: '/state/shop#d1',
  who: 'ada',
  branch: 'main',
  repository: 'o/shop',
  commit: null,
  triggeredBy: 'push',
  runUrl: null,
  startedAt: new Date(),
  log: null,
  startTimeout: 120_000,
  startupWait: 1000,
};

function newJournal(path = join(temporaryFolder(), 'journal.jsonl')): { journal: Journal; path: string } {
  return { journal: new Journal(host, path, 'd1'), path };
}

const up = { stage: 'start', action: 'up', recovery: 'back', undo: {} } as const;
const down = { stage: 'rollback', action: 'down', recovery: 'back', undo: {} } as const;

async function told(path: string): Promise<string[]> {
  return (await readJournal(files, path)).map(({ action, type, data }) => `${action} ${type} ${JSON.stringify(data)}`);
}

describe('the journal', () => {
  it('has the intent with its undo data on the disk before the change, and the outcome after it', async () => {
    const { journal, path } = newJournal();
    const during: string[] = [];
    const result = await journal.record(
      { stage: 'start', action: 'up', recovery: 'back', undo: { previous: 'r1' } },
      async () => {
        during.push(...(await told(path)));
        return 42;
      },
    );
    expect(result).toBe(42);
    expect(during).toEqual(['up intent {"previous":"r1"}']);
    expect(await told(path)).toEqual(['up intent {"previous":"r1"}', 'up outcome {"ok":true}']);
  });

  it('tells whose it was and when, and is nobody else’s to read', async () => {
    const { journal, path } = newJournal();
    await journal.record(up, async () => {});
    const [entry] = await readJournal(files, path);
    expect(entry).toMatchObject({ version: 2, deployment: 'd1', stage: 'start', recovery: 'back' });
    expect(Math.abs(Date.parse(entry?.at ?? '') - Date.now())).toBeLessThan(5000);
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('records that a change failed, and throws its own error on', async () => {
    const { journal, path } = newJournal();
    const error = new Error('the engine is gone');
    await expect(journal.record(up, () => Promise.reject(error))).rejects.toBe(error);
    expect(await told(path)).toEqual(['up intent {}', 'up outcome {"ok":false}']);
  });

  it('makes no change when its intent can not be written', async () => {
    const { journal } = newJournal(join(temporaryFolder(), 'no', 'such', 'folder'));
    const change = () => expect.unreachable('changed');
    await expect(journal.record(up, change)).rejects.toThrow('ENOENT');
  });

  it('does not undo a change that went well when its outcome can not be written', async () => {
    const { journal, path } = newJournal();
    const change = async () => {
      await files.remove(path);
      await files.makeFolder(path, 0o700);
      return 42;
    };
    expect(await journal.record(up, change)).toBe(42);
  });

  it('hides no change’s error behind its own', async () => {
    const { journal, path } = newJournal();
    await files.appendText(path, '', 0o600);
    const change = async () => {
      await files.remove(path);
      await files.makeFolder(path, 0o700);
      throw new Error('the change');
    };
    await expect(journal.record(up, change)).rejects.toThrow('the change');
  });
});

describe('a journal that is read', () => {
  it('is empty where there is none', async () => {
    expect(await readJournal(files, join(temporaryFolder(), 'none'))).toEqual([]);
  });

  it.each([2, 10, 60])('leaves out a last line that a power loss has torn by %i bytes', async (bytes) => {
    const { journal, path } = newJournal();
    await journal.record(up, async () => {});
    truncateSync(path, statSync(path).size - bytes);
    expect(await told(path)).toEqual(['up intent {}']);
  });

  it('has every entry that was written after a torn line', async () => {
    const { journal, path } = newJournal();
    await journal.record(up, async () => {});
    truncateSync(path, statSync(path).size - 10);
    await newJournal(path).journal.record(down, async () => {});
    expect(await told(path)).toEqual(['up intent {}', 'down intent {}', 'down outcome {"ok":true}']);
  });

  it('leaves out what is no JSON', async () => {
    const { journal, path } = newJournal();
    writeFileSync(path, 'garbage\n\0\0\0\n\n');
    await journal.record(up, async () => {});
    expect(await told(path)).toHaveLength(2);
    expect(readFileSync(path, 'utf8').startsWith('garbage\n')).toBe(true);
  });

  it('takes nothing of Homeport 0.1.0, which recovered nothing, for its own', async () => {
    const { journal, path } = newJournal();
    const old = { version: 1, at: '', deployment: 'd0', stage: 'start', action: 'up', type: 'intent', data: {} };
    writeFileSync(path, `${JSON.stringify(old)}\n`);
    await journal.record(up, async () => {});
    expect(await told(path)).toEqual(['up intent {}', 'up outcome {"ok":true}']);
  });

  it.each([
    ['was written by a newer Homeport (version 3)', { version: 3, type: 'intent' }],
    ['holds an entry that Homeport did not write', { version: 2, type: 'intent', at: 'now' }],
    ['holds an entry that Homeport did not write', {}],
  ])('is refused when it %s', async (why, line) => {
    const { path } = newJournal();
    writeFileSync(path, `${JSON.stringify(line)}\n`);
    await expect(readJournal(files, path)).rejects.toMatchObject({
      message: expect.stringContaining(why),
      exitCode: 7,
    });
  });
});

describe('the way back', () => {
  it('is made though its intent can not be written', async () => {
    const { journal } = newJournal(join(temporaryFolder(), 'no', 'such', 'folder'));
    expect(await journal.recordIfPossible(up, async () => 42)).toBe(42);
  });

  it('makes no restore that recovery would not know of, and make once more over newer data', async () => {
    const { journal } = newJournal(join(temporaryFolder(), 'no', 'such', 'folder'));
    const undo = { restoring: { file: '/backups/db.dump', stamp: '20251121T101500Z' } };
    const made = journal.recordIfPossible({ ...up, undo }, async () => expect.unreachable('restored'));
    await expect(made).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a disk that fills up after the deployment has begun', () => {
  it('takes what the deployment and its way back write down', async () => {
    const disk = smallDisk();
    if (disk === null) return expect(process.getuid?.()).not.toBe(0);
    const { journal, path } = newJournal(join(disk, 'journal.jsonl'));
    await journal.begin('deploy', beginning);
    expect(() => writeFileSync(join(disk, 'others'), Buffer.alloc(2 ** 20))).toThrow('ENOSPC');
    expect((await files.stat(path))?.bytes).toBeLessThan(1000);
    const restoring = { file: '/backups/db.dump', stamp: '20251121T101500Z' };
    for (let at = 0; at < 50; at += 1) await journal.record({ ...up, undo: { restoring } }, async () => {});
    expect(await told(path)).toHaveLength(101);
  });
});

describe('a long journal', () => {
  it('is begun anew by the next deployment once it is larger than 1 MiB', async () => {
    const { journal, path } = newJournal();
    await journal.record(up, async () => {});
    writeFileSync(path, `${' '.repeat(2 ** 20)}\n`, { flag: 'a' });
    await journal.begin('deploy', beginning);
    expect(statSync(path).size).toBeLessThan(1000);
    expect((await readJournal(files, path)).map(({ type }) => type)).toEqual(['begin']);
  });
});
