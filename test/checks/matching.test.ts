import { describe, expect, it } from 'vitest';
import { isAll, isIn } from '../../src/checks/matching.ts';
import { readPattern } from '../../src/request/pattern.ts';

describe('a text that an answer is compared with', () => {
  it.each([
    ['ok', 'all is ok', true, false],
    ['ok', 'ok', true, true],
    ['a.c', 'abc', false, false],
    ['/a.c/', 'xabcx', true, true],
    ['/^a.c$/', 'xabcx', false, false],
    ['/^v2$/', 'v1\nv2\n', true, true],
    ['/OK/', 'ok', false, false],
    ['/OK/i', 'ok', true, true],
    ['/api/v1', 'GET /api/v1', true, false],
    ['/', 'a/b', true, false],
    ['//', 'a//b', true, false],
  ])('%s in %j: %j, as all of it: %j', (written, text, within, all) => {
    expect(isIn(readPattern(written), text)).toBe(within);
    expect(isAll(readPattern(written), text)).toBe(all);
  });

  it('stops an expression that never ends', () => {
    const began = performance.now();
    expect(() => isIn(readPattern('/^(a+)+$/'), `${'a'.repeat(40)}!`)).toThrow('took longer than 1 s');
    expect(performance.now() - began).toBeLessThan(10_000);
  });
});
