import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { pathToFileURL } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { ownedProcesses, ownerVariable, stopOwned } from '../../src/hosts/owned.ts';
import { stubHost } from '../deployment/support.ts';
import { isAlive, localHost } from './support.ts';

const host = localHost();

/** A process that works for the owner, once it has said `ready`. */
async function working(owner: string, script: string): Promise<ChildProcess & { readonly pid: number }> {
  const child = spawn('sh', ['-c', script], {
    env: { ...process.env, [ownerVariable]: owner },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  await new Promise((resolve) => child.stdout.once('data', resolve));
  if (child.pid === undefined) throw new Error('it did not start');
  return Object.assign(child, { pid: child.pid });
}

const newOwner = (): string => `/var/lib/my projects/shop#${randomUUID()}`;

describe('the processes of an owner', () => {
  it('are those with exactly its name in their environment', async () => {
    const owner = newOwner();
    const mine = await working(owner, 'echo ready; exec sleep 60');
    await working(`${owner}1`, 'echo ready; exec sleep 60');
    await working(owner.slice(0, -1), 'echo ready; exec sleep 60');
    await working('another', `exec env X${ownerVariable}='${owner}' sh -c 'echo ready; exec sleep 60'`);
    await working('another', `exec sh -c 'echo ready; exec sleep 60' '${ownerVariable}=${owner}'`);
    expect(await ownedProcesses(host, owner)).toEqual([mine.pid]);
  });

  it('are found with the children, whatever their name', async () => {
    const owner = newOwner();
    const parent = await working(
      owner,
      `node -e 'process.title = ") Z PPid:\\n1"; console.log("ready"); setTimeout(() => {}, 60000)' & wait`,
    );
    const found = await ownedProcesses(host, owner);
    expect(found).toHaveLength(2);
    expect(found).toContain(parent.pid);
    expect(await stopOwned(host, owner)).toBe(2);
  });

  it('are nobody for a name that nobody has', async () => {
    expect(await ownedProcesses(host, newOwner())).toEqual([]);
    expect(await stopOwned(host, newOwner())).toBe(0);
  });

  it.each(['', 'one\ntwo', 'one\0two'])('can not be those of %j', async (owner) => {
    await expect(ownedProcesses(host, owner)).rejects.toThrow('not an owner');
  });

  it('are not nobody where the host can not search', async () => {
    const without = stubHost(() => ({
      stderr: 'grep: unrecognized option: z\n',
      tail: 'grep: unrecognized option: z',
    }));
    await expect(ownedProcesses(without, 'shop#d1')).rejects.toMatchObject({
      message: expect.stringContaining('unrecognized option'),
      hint: expect.stringContaining('GNU grep'),
    });
  });
});

describe('stopping what works for an owner', () => {
  it('lets it end by itself', async () => {
    const owner = newOwner();
    const child = await working(owner, 'trap "echo bye; exit 3" TERM; echo ready; while :; do sleep 0.01; done');
    const ended = new Promise((resolve) => child.once('exit', resolve));
    expect(await stopOwned(host, owner)).toBeGreaterThanOrEqual(1);
    expect(await ended).toBe(3);
  });

  it('insists where it does not, and asks only once', async () => {
    const owner = newOwner();
    const script = 'trap "echo again" TERM; echo ready; while :; do sleep 0.5 || :; done';
    const child = await working(owner, script);
    let asked = '';
    child.stdout?.on('data', (data) => {
      asked += data;
    });
    const ended = new Promise<unknown>((resolve) => child.once('exit', (_code, by) => resolve(by)));
    const begin = performance.now();
    await stopOwned(host, owner);
    expect(performance.now() - begin).toBeGreaterThan(4900);
    expect(await ended).toBe('SIGKILL');
    expect(asked).toBe('again\n');
  });

  it('stops also what is started while it stops', async () => {
    const owner = newOwner();
    const late = 'sleep 60 >/dev/null &';
    await working(owner, `trap "${late} exit" TERM; echo ready; while :; do sleep 0.01; done`);
    expect(await stopOwned(host, owner)).toBeGreaterThanOrEqual(2);
    expect(await ownedProcesses(host, owner)).toEqual([]);
  });

  it('spares what works for somebody else', async () => {
    const owner = newOwner();
    await working(owner, 'echo ready; exec sleep 60');
    const other = await working(newOwner(), 'echo ready; exec sleep 60');
    expect(await stopOwned(host, owner)).toBe(1);
    expect(isAlive(other.pid)).toBe(true);
  });

  it('spares the process that stops and those that led to it', async () => {
    const owner = newOwner();
    const modules = ['hosts/owned', 'hosts/local', 'hosts/redactor'].map((name) =>
      JSON.stringify(new URL(`../../src/${name}.ts`, import.meta.url).href),
    );
    const program = `
      const [{ stopOwned }, { LocalHost }, { Redactor }] = await Promise.all([${modules.join()}].map((m) => import(m)));
      console.log(await stopOwned(new LocalHost({ redactor: new Redactor() }), process.env.${ownerVariable}));
    `;
    const child = spawn(
      'sh',
      ['-c', 'sleep 60 >/dev/null & "$1" --input-type=module -e "$2"; echo alive', 'sh', process.execPath, program],
      {
        cwd: new URL('.', pathToFileURL(import.meta.filename)),
        env: { ...process.env, [ownerVariable]: owner },
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let said = '';
    child.stdout.on('data', (data) => {
      said += data;
    });
    await new Promise((resolve) => child.once('close', resolve));
    expect(said).toBe('1\nalive\n');
  });

  it('says so when the kernel does not let it', async () => {
    const stuck = stubHost((argv) => ({ stdout: argv.includes('kill') ? '' : '12\n' }));
    let now = 0;
    const clock = { now: () => (now += 7000) };
    const { now: real } = performance;
    performance.now = clock.now;
    onTestFinished(() => {
      performance.now = real;
    });
    await expect(stopOwned(stuck, 'shop#d1')).rejects.toThrow('can not be stopped: process 12.');
  });
});
