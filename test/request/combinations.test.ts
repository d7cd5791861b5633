import { describe, expect, it } from 'vitest';
import { complaint, request } from './sources.ts';

describe('a rollback that restores the database', () => {
  it.each(['none', '[]'])('is refused where `backup: %s` leaves nothing to restore', async (backup) => {
    expect(await complaint({ door: { 'rollback-database': 'true', backup } })).toBe(
      'rollback-database (input): expected something to back up: `backup` is `none`',
    );
  });

  it('is off unless it is asked for', async () => {
    expect((await request({}))['rollback-database']).toBe(false);
    expect((await request({ door: { 'rollback-database': 'true' } }))['rollback-database']).toBe(true);
  });
});
