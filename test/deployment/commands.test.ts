import { describe, expect, it } from 'vitest';
import { prepareFor } from '../../src/deployment/commands.ts';
import { request } from '../request/sources.ts';
import { stubHost } from './support.ts';

const nobody = { repository: null, branch: null };

async function stagesOf(door: Record<string, unknown>): Promise<string[]> {
  const asked = await request({ door: { project: 'shop', ...door } });
  const { name, plan } = await prepareFor(asked, nobody)(stubHost(() => ({})));
  expect(name).toBe('shop');
  return plan.stages.map((stage) => stage.name);
}

describe('a command that changes something', () => {
  it.each([
    [{ command: 'rollback' }, ['preflight', 'snapshot', 'start', 'smoke', 'promote']],
    [{ command: 'backup' }, ['backup']],
    [{ command: 'restore', file: '/backups/db.dump' }, ['restore']],
  ])('%o has its stages', async (door, stages) => {
    expect(await stagesOf(door)).toEqual(stages);
  });

  it('is none that only looks', async () => {
    await expect(stagesOf({ command: 'status' })).rejects.toThrow('status changes nothing');
  });

  it('is invalid where it asks for a folder that is not there', async () => {
    const asked = await request({ door: { project: 'shop', 'working-directory': '/nowhere/at/all' } });
    const { invalid } = await prepareFor(asked, nobody)(stubHost(() => ({})));
    expect(invalid).toMatchObject({ message: expect.stringContaining('/nowhere/at/all'), exitCode: 64 });
  });
});
