import { totalCents } from './config.js';

/** Prices one order; gives what became of it, or `undefined` when there was nothing to do any more. */
export async function priceOrder(id, { config, orders, queue }) {
  const order = await orders.get(id);
  if (order === undefined || order.state !== 'waiting') return undefined;
  const total = totalCents(config, order.item, order.quantity);
  const state = total === undefined ? 'refused' : 'priced';
  if (!(await orders.settle(id, state, total ?? null))) return undefined;
  if (state === 'priced') await queue.countPriced();
  return { ...order, state, totalCents: total ?? null };
}

/** Puts the orders that the queue has lost back into it; gives how many. */
export async function findForgotten({ orders, queue }) {
  const ids = await orders.forgotten();
  for (const id of ids) await queue.push(id);
  return ids.length;
}
