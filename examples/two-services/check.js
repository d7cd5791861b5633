import { setTimeout as sleep } from 'node:timers/promises';
import { readConfig } from './lib/config.js';
import { connectDatabase } from './lib/connect.js';
import { createOrders } from './lib/orders.js';

/*
 * One order through everything: taken by the web service, queued in Redis, priced by the worker, read from MariaDB, and
 * removed again. The exit code is the verdict.
 */
const url = `http://127.0.0.1:${process.env.PORT ?? 3000}`;
const [item] = Object.keys(readConfig(process.env.CONFIG ?? '/app/config.json').prices);
const ask = async (path, options) => {
  const response = await fetch(`${url}${path}`, { signal: AbortSignal.timeout(5000), ...options });
  return await response.json();
};

const order = await ask('/orders', { method: 'POST', body: JSON.stringify({ item, quantity: 1 }) });
if (order.id === undefined) throw new Error(`the order was refused: ${order.error}`);
try {
  let seen = order;
  for (const end = Date.now() + 8000; seen.state === 'waiting' && Date.now() < end; await sleep(100)) {
    seen = await ask(`/orders/${order.id}`);
  }
  console.log(`order ${order.id}: ${seen.state}`);
  process.exitCode = seen.state === 'priced' ? 0 : 1;
} finally {
  const connection = await connectDatabase();
  await createOrders(connection).remove(order.id);
  await connection.end();
}
