import { writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from './lib/config.js';
import { openDatabase, openRedis } from './lib/connect.js';
import { createOrders } from './lib/orders.js';
import { createQueue } from './lib/queue.js';
import { findForgotten, priceOrder } from './lib/work.js';

const LOOK_EVERY_MS = 60_000;
const config = readConfig(process.env.CONFIG ?? '/app/config.json');
const database = openDatabase();
const redis = await openRedis();
const shop = { config, orders: createOrders(database), queue: createQueue(redis) };

let isStopping = false;
for (const signal of ['SIGTERM', 'SIGINT']) process.once(signal, () => (isStopping = true));

console.log(`${config.shop}: the worker waits for orders`);
let lastLook = 0;
while (!isStopping) {
  try {
    if (Date.now() - lastLook > LOOK_EVERY_MS) {
      await findForgotten(shop);
      lastLook = Date.now();
    }
    const id = await shop.queue.take(2);
    const order = id === undefined ? undefined : await priceOrder(id, shop);
    if (order !== undefined) console.log(`order ${order.id}: ${order.state}, ${order.totalCents ?? '-'} cents`);
    // The container's health check looks at the age of this file.
    writeFileSync('/tmp/worker-heartbeat', '');
  } catch (error) {
    console.error('worker:', error.message);
    await sleep(1000);
  }
}
await Promise.allSettled([redis.close(), database.end()]);
