import { describe, expect, it } from 'vitest';
import { command } from '../../src/databases/command.ts';
import { parseCounts } from '../../src/databases/command-run.ts';
import { resolveTargets } from '../../src/databases/detect.ts';
import { undoSchema } from '../../src/deployment/journal-entry.ts';
import { complaint, problems, request } from '../request/sources.ts';

const commands = { dump: 'mongodump --archive', check: 'mongorestore --dryRun', restore: 'mongorestore --drop' };
const entry = { service: 'mongo', kind: 'command', command: commands };

describe('what a check counts', () => {
  it('are its lines of a name and a whole number; everything else is for people', () => {
    const text =
      'checking…\n  orders 12\nguests of today\t3\r\nshop.visits 0\n12\n-1\ntook 1.5 s\nlog 99999999999999999999\n';
    expect(parseCounts(text)).toEqual({ orders: 12, 'guests of today': 3, 'shop.visits': 0 });
  });

  it('is told to people', () => {
    expect(command.counted({})).toBe('nothing counted');
    expect(command.counted({ orders: 12 })).toBe('12 counted under 1 name');
    expect(command.counted({ orders: 12, guests: 3 })).toBe('15 counted under 2 names');
  });
});

describe('an entry of the kind `command`', () => {
  it('becomes a target with its commands, which the journal holds for whoever recovers', async () => {
    const { backup } = await request({ door: { backup: JSON.stringify([entry]) } });
    const containers = [{ service: 'mongo', id: 'c1', imageId: 'i1' }];
    const { targets } = resolveTargets({ backup, services: [{ name: 'mongo' }], containers });
    expect(targets).toEqual([
      { kind: 'command', service: 'mongo', database: 'mongo', commands, container: 'c1', imageId: 'i1' },
    ]);
    expect(undoSchema.parse({ databases: targets }).databases).toEqual(targets);
  });

  it('keeps the variables of its commands for their shell, also in homeport.yml', async () => {
    const dump = 'mongodump --password "$MONGO_PASSWORD" --db ${DB:-shop}';
    const text = JSON.stringify({ backup: [{ ...entry, command: { ...commands, dump } }] });
    const { backup } = await request({ files: { 'homeport.yml': text } });
    expect(backup).toMatchObject([{ command: { dump } }]);
  });

  it.each([
    [{ service: 'mongo', kind: 'command' }, 'a map `{dump, restore, check}` of commands, which `command` needs'],
    [{ ...entry, command: { ...commands, check: '' } }, 'text that is not empty'],
    [{ service: 'db', kind: 'postgres', command: commands }, '`command` to be left out: `postgres` has no use for it'],
    [{ ...entry, user: 'root' }, '`user` to be left out: `command` has no use for it'],
  ])('is refused as %j', async (wrong, said) => {
    expect(await complaint({ door: { backup: JSON.stringify([wrong]) } })).toContain(said);
  });

  it('is told the likely spelling of its commands', async () => {
    const { check: _, ...others } = commands;
    const found = await problems({
      door: { backup: JSON.stringify([{ ...entry, command: { ...others, chekc: 'x' } }]) },
    });
    expect(found.map(({ suggestion }) => suggestion)).toContain('check');
  });
});
