import { createApp } from './lib/app.js';
import { readConfig } from './lib/config.js';
import { openDatabase, openRedis } from './lib/connect.js';
import { createOrders } from './lib/orders.js';
import { createQueue } from './lib/queue.js';

const config = readConfig(process.env.CONFIG ?? '/app/config.json');
const database = openDatabase();
const redis = await openRedis();
const server = createApp({ config, orders: createOrders(database), queue: createQueue(redis) });

server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`${config.shop}: web listens on port ${server.address().port}`);
});

/** Requests under way are answered first; Docker kills after 10 s, so the wait is shorter than that. */
function stop(signal) {
  console.log(`${signal}: closing`);
  server.close(async () => {
    await Promise.allSettled([redis.close(), database.end()]);
    process.exit(0);
  });
  setTimeout(() => server.closeAllConnections(), 8000).unref();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
