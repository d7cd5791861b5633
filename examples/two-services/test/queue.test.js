import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createQueue } from '../lib/queue.js';

/** The commands of Redis that the queue uses, over plain values. */
function redisInMemory() {
  const lists = new Map();
  const counters = new Map();
  return {
    async lPush(key, element) {
      lists.set(key, [element, ...(lists.get(key) ?? [])]);
    },
    async brPop(key) {
      const element = lists.get(key)?.pop();
      return element === undefined ? null : { key, element };
    },
    lLen: async (key) => lists.get(key)?.length ?? 0,
    incr: async (key) => counters.set(key, (counters.get(key) ?? 0) + 1),
    get: async (key) => (counters.has(key) ? String(counters.get(key)) : null),
  };
}

test('who came first is served first', async () => {
  const queue = createQueue(redisInMemory());
  for (const id of [7, 8]) await queue.push(id);
  assert.equal(await queue.waiting(), 2);
  assert.deepEqual([await queue.take(1), await queue.take(1), await queue.take(1)], [7, 8, undefined]);
});

test('priced orders are counted from none', async () => {
  const queue = createQueue(redisInMemory());
  assert.equal(await queue.priced(), 0);
  await queue.countPriced();
  assert.equal(await queue.priced(), 1);
});
