import { createServer } from 'node:http';
import { renderPage } from './page.js';
import { InvalidEntry } from './store.js';
import { version } from './version.js';

const MAX_BODY_BYTES = 16 * 1024;

/** The HTTP server over a store; not listening yet. */
export function createApp(store) {
  const routes = {
    'GET /': (_request, response) =>
      send(response, 200, renderPage({ version, entries: store.list() }), 'text/html; charset=utf-8', {
        'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
      }),
    'GET /entries': (_request, response) => sendJson(response, 200, store.list()),
    'POST /entries': async (request, response) => {
      const fields = await readFields(request);
      const entry = store.add(fields);
      if (wantsJson(request)) sendJson(response, 201, entry);
      else send(response, 303, '', 'text/plain', { location: '/' });
    },
    'GET /health': (_request, response) => sendJson(response, 200, health(store)),
    'GET /version': (_request, response) => sendJson(response, 200, { version }),
  };

  return createServer(async (request, response) => {
    try {
      const path = request.url.split('?')[0];
      const route = routes[`${request.method} ${path}`];
      if (route) await route(request, response);
      else sendJson(response, 404, { error: `There is no ${request.method} ${path}.` });
    } catch (error) {
      const refused = error instanceof InvalidEntry;
      if (!refused) console.error(`${request.method} ${request.url}:`, error);
      sendJson(response, refused ? 400 : 500, { status: 'error', error: error.message });
    }
  });
}

/** Asks the database, so it throws when the guestbook can't be read. */
function health(store) {
  return { status: 'ok', version, schema: store.schema(), entries: store.count() };
}

async function readFields(request) {
  const chunks = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    // The rest is read all the same: who is cut off while sending never sees the answer.
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES) throw new InvalidEntry('That is too long for a guestbook.');
  const body = Buffer.concat(chunks).toString('utf8');
  if (!wantsJson(request)) return Object.fromEntries(new URLSearchParams(body));
  try {
    return Object(JSON.parse(body));
  } catch {
    throw new InvalidEntry('That is not JSON.');
  }
}

function wantsJson(request) {
  return request.headers['content-type']?.startsWith('application/json') ?? false;
}

function sendJson(response, status, value) {
  send(response, status, `${JSON.stringify(value)}\n`, 'application/json');
}

function send(response, status, body, type, headers = {}) {
  response.writeHead(status, { 'content-type': type, 'cache-control': 'no-store', ...headers });
  response.end(body);
}
