import { describe, expect, it } from 'vitest';
import { jsonMismatch } from '../../src/checks/json-match.ts';

const health = {
  status: 'ok',
  checks: { database: { state: 'up', latency: 3 }, queue: null },
  items: [{ name: 'a' }, { name: 'b', tags: [1, 2] }],
  'dotted.key': true,
};

describe('JSON is as expected', () => {
  it.each<[string, Record<string, unknown>]>([
    ['with the same value', { status: 'ok' }],
    ['with more keys than are asked for', { checks: { database: { state: 'up' } } }],
    ['at a path', { 'checks.database.latency': 3 }],
    ['at a path below a key', { checks: { 'database.state': 'up' } }],
    ['at a path into a list', { 'items.1.name': 'b' }],
    ['with null', { 'checks.queue': null }],
    ['with a whole list, whose maps may have more', { items: [{ name: 'a' }, { name: 'b', tags: [1, 2] }] }],
    ['at a key that has a dot in it', { 'dotted.key': true }],
    ['with a map at a path', { 'checks.database': { state: 'up' } }],
  ])('%s', (_how, expected) => {
    expect(jsonMismatch(health, expected)).toBeNull();
  });

  it('when a list is at the top', () => {
    expect(jsonMismatch([{ id: 1 }], { '0.id': 1 })).toBeNull();
  });
});

describe('JSON is not as expected', () => {
  it.each<[unknown, Record<string, unknown>, string]>([
    [health, { status: 'OK' }, '`status` is "ok" (expected "OK")'],
    [health, { 'checks.database.latency': '3' }, '`checks.database.latency` is 3 (expected "3")'],
    [health, { 'checks.cache': 'up' }, 'there is no `checks.cache`'],
    [health, { checks: { database: { port: 1 } } }, 'there is no `checks.database.port`'],
    [health, { status: { a: 1 } }, '`status` is "ok", not a map'],
    [health, { 'status.a': 1 }, 'there is no `status.a`'],
    [health, { status: ['ok'] }, '`status` is "ok", not a list'],
    [health, { 'items.1.tags': [1] }, '`items.1.tags` has 2 items (expected 1)'],
    [health, { 'items.1.tags': [1, 3] }, '`items.1.tags.1` is 2 (expected 3)'],
    [health, { 'items.2': {} }, 'there is no `items.2`'],
    [health, { 'checks.queue': false }, '`checks.queue` is null (expected false)'],
    ['ok', { status: 'ok' }, 'it is "ok", not a map'],
    [null, { status: 'ok' }, 'it is null, not a map'],
    [[], { status: 'ok' }, 'there is no `status`'],
    // What every object inherits is nothing that the server said.
    [{}, { constructor: 1 }, 'there is no `constructor`'],
    [{}, { 'constructor.name': 'Object' }, 'there is no `constructor.name`'],
    [[], { length: 0 }, 'there is no `length`'],
  ])('%j %j', (actual, expected, told) => {
    expect(jsonMismatch(actual, expected)).toBe(told);
  });

  it('and shows 120 characters of what is there at most', () => {
    const told = jsonMismatch({ a: 'x'.repeat(5000) }, { a: 'y' }) ?? '';
    expect(told.length).toBeLessThan(200);
    expect(told).toContain('…');
  });
});
