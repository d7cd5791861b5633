import { describe, expect, it } from 'vitest';
import { writersOf } from '../../src/databases/writers.ts';

const databases = [
  { target: { kind: 'postgres', service: 'db' } },
  { target: { kind: 'postgres', service: 'db' } },
  { target: { kind: 'sqlite', service: 'bot' } },
];

describe('what writes into the databases', () => {
  it('is every service but the servers, and the one with an SQLite file', () => {
    expect(writersOf(['web', 'worker', 'db', 'bot', 'web'], databases)).toEqual(['bot', 'web', 'worker']);
  });

  it('is everything where no database is known', () => {
    expect(writersOf(['web'], [])).toEqual(['web']);
  });
});
