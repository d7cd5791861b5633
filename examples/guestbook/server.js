import { createApp } from './lib/app.js';
import { openStore } from './lib/store.js';
import { version } from './lib/version.js';

const store = openStore(process.env.DATABASE ?? '/data/guestbook.db');
const server = createApp(store);

server.listen(Number(process.env.PORT ?? 3000), () => {
  console.log(`guestbook ${version} listens on port ${server.address().port}`);
});

/** Requests under way are answered first; Docker kills after 10 s, so the wait is shorter than that. */
function stop(signal) {
  console.log(`${signal}: closing`);
  server.close(() => {
    store.close();
    process.exit(0);
  });
  setTimeout(() => server.closeAllConnections(), 8000).unref();
}

process.once('SIGTERM', stop);
process.once('SIGINT', stop);
