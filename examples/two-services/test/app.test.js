import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { createApp } from '../lib/app.js';
import { config, ordersInMemory, queueInMemory } from './support.js';

async function serve(context, changes = {}) {
  const shop = { config, orders: ordersInMemory(), queue: queueInMemory(), ...changes };
  const server = createApp(shop).listen(0, '127.0.0.1');
  await once(server, 'listening');
  context.after(() => server.close());
  const ask = async (path, options) => {
    const response = await fetch(`http://127.0.0.1:${server.address().port}${path}`, options);
    return { status: response.status, answer: await response.json() };
  };
  return { shop, ask, order: (body) => ask('/orders', { method: 'POST', body: JSON.stringify(body) }) };
}

test('an order is taken and handed to the worker', async (context) => {
  const { shop, ask, order } = await serve(context);
  const taken = await order({ item: 'tea', quantity: 2 });
  assert.deepEqual(taken, {
    status: 201,
    answer: { id: 1, item: 'tea', quantity: 2, state: 'waiting', totalCents: null },
  });
  assert.deepEqual(shop.queue.ids, [1]);
  assert.deepEqual((await ask('/orders/1')).answer, taken.answer);
  assert.deepEqual((await ask('/orders')).answer, [taken.answer]);
});

test('an order is kept when the queue is away', async (context) => {
  context.mock.method(console, 'error', () => {});
  const away = { ...queueInMemory(), push: async () => Promise.reject(new Error('away')) };
  const { shop, order } = await serve(context, { queue: away });
  assert.equal((await order({ item: 'cake', quantity: 1 })).status, 201);
  assert.equal(shop.orders.rows.length, 1);
});

test('what can not be an order is refused with a reason', async (context) => {
  const { shop, ask, order } = await serve(context);
  assert.deepEqual(await order({ item: 'coffee', quantity: 1 }), {
    status: 400,
    answer: { status: 'error', error: 'We sell tea, cake.' },
  });
  for (const quantity of [0, 101, 1.5, '2', undefined]) {
    assert.equal((await order({ item: 'tea', quantity })).status, 400);
  }
  assert.equal((await ask('/orders', { method: 'POST', body: '{' })).answer.error, 'That is not JSON.');
  assert.equal((await ask('/orders', { method: 'POST', body: ' '.repeat(20_000) })).status, 400);
  assert.equal(shop.orders.rows.length, 0);
});

test('health tells what both servers know', async (context) => {
  const { ask, order } = await serve(context);
  await order({ item: 'tea', quantity: 1 });
  assert.deepEqual((await ask('/health')).answer, {
    status: 'ok',
    shop: 'Test',
    schema: 2,
    orders: 1,
    waiting: 1,
    priced: 0,
  });
});

test('health is an error when the database is away, and the process still lives', async (context) => {
  context.mock.method(console, 'error', () => {});
  const orders = { ...ordersInMemory(), schema: async () => Promise.reject(new Error('away')) };
  const { ask } = await serve(context, { orders });
  assert.deepEqual(await ask('/health'), { status: 503, answer: { status: 'error', error: 'away' } });
  assert.equal((await ask('/live')).status, 200);
});

test('what is not there is not found', async (context) => {
  const { ask } = await serve(context);
  assert.equal((await ask('/orders/7')).status, 404);
  assert.equal((await ask('/elsewhere')).status, 404);
});
