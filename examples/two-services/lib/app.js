import { createServer } from 'node:http';

const MAX_BODY_BYTES = 16 * 1024;

/** What the customer sent can't be an order; the message is for the customer. */
class InvalidOrder extends Error {}

/** The HTTP server over the orders and the queue; not listening yet. */
export function createApp({ config, orders, queue }) {
  const routes = [
    ['GET', /^\/live$/, () => [200, { status: 'ok' }]],
    ['GET', /^\/health$/, async () => [200, await health({ config, orders, queue })]],
    ['GET', /^\/orders$/, async () => [200, await orders.newest()]],
    [
      'GET',
      /^\/orders\/(\d+)$/,
      async (_request, id) => {
        const order = await orders.get(Number(id));
        return order === undefined ? [404, { error: `There is no order ${id}.` }] : [200, order];
      },
    ],
    [
      'POST',
      /^\/orders$/,
      async (request) => {
        const { item, quantity } = validOrder(await readJson(request), config);
        const id = await orders.add(item, quantity);
        // It stands in the database: where Redis is away, the worker finds it there a little later.
        await queue.push(id).catch((error) => console.error(`order ${id} is not in the queue:`, error.message));
        return [201, await orders.get(id)];
      },
    ],
  ];

  return createServer(async (request, response) => {
    try {
      const path = request.url.split('?')[0];
      for (const [method, pattern, answer] of routes) {
        const match = request.method === method && pattern.exec(path);
        if (match) return sendJson(response, ...(await answer(request, ...match.slice(1))));
      }
      sendJson(response, 404, { error: `There is no ${request.method} ${path}.` });
    } catch (error) {
      const refused = error instanceof InvalidOrder;
      if (!refused) console.error(`${request.method} ${request.url}:`, error);
      sendJson(response, refused ? 400 : 503, { status: 'error', error: error.message });
    }
  });
}

/** Asks both servers, so it throws when one of them is away. */
async function health({ config, orders, queue }) {
  const [schema, count, waiting, priced] = await Promise.all([
    orders.schema(),
    orders.count(),
    queue.waiting(),
    queue.priced(),
  ]);
  return { status: 'ok', shop: config.shop, schema, orders: count, waiting, priced };
}

function validOrder({ item, quantity }, config) {
  if (typeof item !== 'string' || !Object.hasOwn(config.prices, item)) {
    throw new InvalidOrder(`We sell ${Object.keys(config.prices).join(', ')}.`);
  }
  if (!Number.isInteger(quantity) || quantity < 1 || quantity > 100) {
    throw new InvalidOrder('The quantity is a number from 1 to 100.');
  }
  return { item, quantity };
}

async function readJson(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    // The rest is read all the same: who is cut off while sending never sees the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new InvalidOrder('That is too long for an order.');
  try {
    return Object(JSON.parse(Buffer.concat(chunks).toString('utf8')));
  } catch {
    throw new InvalidOrder('That is not JSON.');
  }
}

function sendJson(response, status, value) {
  response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' });
  response.end(`${JSON.stringify(value)}\n`);
}
