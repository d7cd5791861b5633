import assert from 'node:assert/strict';
import { test } from 'node:test';
import { findForgotten, priceOrder } from '../lib/work.js';
import { config, ordersInMemory, queueInMemory } from './support.js';

function shopWith(...rows) {
  return { config, orders: ordersInMemory(rows), queue: queueInMemory() };
}

const waiting = { id: 1, item: 'tea', quantity: 2, state: 'waiting', totalCents: null };

test('an order gets its price, and is counted', async () => {
  const shop = shopWith({ ...waiting });
  assert.equal((await priceOrder(1, shop)).totalCents, 220);
  assert.equal(shop.orders.rows[0].state, 'priced');
  assert.equal(await shop.queue.priced(), 1);
});

test('an order that comes twice is priced once', async () => {
  const shop = shopWith({ ...waiting });
  await priceOrder(1, shop);
  assert.equal(await priceOrder(1, shop), undefined);
  assert.equal(await shop.queue.priced(), 1);
});

test('what is not sold any more is refused', async () => {
  const shop = shopWith({ ...waiting, item: 'coffee' });
  assert.equal((await priceOrder(1, shop)).state, 'refused');
  assert.equal(await shop.queue.priced(), 0);
});

test('an order that is gone is nothing to do', async () => {
  assert.equal(await priceOrder(7, shopWith()), undefined);
});

test('orders that the queue has lost are put back into it', async () => {
  const shop = shopWith({ ...waiting }, { ...waiting, id: 2, state: 'priced' });
  assert.equal(await findForgotten(shop), 1);
  assert.deepEqual(shop.queue.ids, [1]);
});
