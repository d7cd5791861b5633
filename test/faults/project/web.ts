import { readFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import { ask } from './postgres.ts';
import { release } from './release.ts';

/** Then it takes no rows either: what a failed release took would be lost with `rollback-database`. */
const broken = process.env.BROKEN === 'web';
const server = { host: 'db', port: 5432, database: 'app' };

function reply(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(`${JSON.stringify(body)}\n`);
}

async function facts(): Promise<Record<string, unknown>> {
  const [row] = await ask(server, 'SELECT coalesce(max(version), 0) FROM schema_versions', 2000);
  return {
    code: release,
    environment: process.env.RELEASE,
    file: readFileSync('/app/banner.txt', 'utf8').trim(),
    schema: Number(row?.[0]),
  };
}

/** Answered with 200 only once the row is committed. */
async function insert(id: string): Promise<void> {
  if (!/^[\w-]{1,80}$/.test(id)) throw new Error('no such name for a row');
  await ask(server, `INSERT INTO rows (id) VALUES ('${id}')`, 2000);
}

const web = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://web');
  const refuse = (error: unknown): void => reply(response, 503, { error: String(error) });
  if (broken) {
    reply(response, 500, { error: 'this version is meant to fail' });
  } else if (request.method === 'POST' && pathname === '/rows') {
    insert(searchParams.get('id') ?? '').then(() => reply(response, 200, { committed: true }), refuse);
  } else if (pathname === '/') {
    facts().then((told) => reply(response, 200, told), refuse);
  } else {
    reply(response, 404, { error: 'not found' });
  }
});
web.listen(8080);

// As process 1 of its container it gets no default action for a signal.
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => process.exit(0));
