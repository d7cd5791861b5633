import { describe, expect, it } from 'vitest';
import { runChecks } from '../../src/checks/run-checks.ts';
import { container, contextOf, freePort, quick, serveTcp } from './support.ts';

async function connect(tcp: string, context = contextOf()) {
  const [result] = await runChecks([{ tcp, ...quick }], context);
  if (result === undefined) throw new Error('no result');
  return result;
}

describe('a tcp check', () => {
  it('passes when something listens, and closes the connection again', async () => {
    const closed = Promise.withResolvers<void>();
    const port = await serveTcp((socket) => socket.on('close', () => closed.resolve()));
    expect(await connect(`localhost:${port}`)).toMatchObject({ ok: true, title: `tcp localhost:${port}` });
    await closed.promise;
  });

  it('passes when the server speaks first and hangs up', async () => {
    const port = await serveTcp((socket) => socket.end('220 ready\r\n'));
    expect(await connect(`127.0.0.1:${port}`)).toMatchObject({ ok: true });
  });

  it('fails when nothing listens', async () => {
    const port = await freePort();
    expect((await connect(`127.0.0.1:${port}`)).seen).toBe(
      `connection refused: nothing listens on port ${port} of 127.0.0.1`,
    );
  });

  it("fails when only Docker's port proxy listens, which hangs up at once", async () => {
    const port = await serveTcp((socket) => setTimeout(() => socket.end(), 50));
    expect((await connect(`127.0.0.1:${port}`)).seen).toContain('accepts connections and closes them at once');
  });

  it('connects to each container of a service', async () => {
    let connections = 0;
    const port = await serveTcp(() => {
      connections += 1;
    });
    const containers = [container('db'), container('db', { name: 'shop-db-2' })];
    expect(await connect(`db:${port}`, contextOf({ containers }))).toMatchObject({ ok: true, service: 'db' });
    expect(connections).toBe(2);
  });

  it('names the services when it does not know the name', async () => {
    const result = await connect('dbb.invalid:5432', contextOf({ containers: [container('db')] }));
    expect(result.ok).toBe(false);
    expect(result.seen).toContain('dbb.invalid');
  });
});
