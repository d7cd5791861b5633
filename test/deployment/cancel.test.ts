import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { describe, expect, it, onTestFinished } from 'vitest';
import { cancelOnSignals } from '../../src/deployment/cancel.ts';
import { CancelledError } from '../../src/deployment/error.ts';

const cancelModule = new URL('../../src/deployment/cancel.ts', import.meta.url).href;
const listening = `
  import { cancelOnSignals } from ${JSON.stringify(cancelModule)};
  const { signal } = cancelOnSignals((line) => console.log(line), { text: 'rollback' });
  signal.addEventListener('abort', () => console.log(signal.reason.name + ' ' + signal.reason.exitCode));
  setInterval(() => {}, 1000);
  console.log('ready');
`;

describe('a signal', () => {
  it.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s cancels; a second one tears nothing down', async (name) => {
    const child = spawn(process.execPath, ['--input-type=module', '--eval', listening], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    onTestFinished(() => {
      child.kill('SIGKILL');
    });
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const next = async () => (await lines.next()).value;
    expect(await next()).toBe('ready');
    child.kill(name);
    expect(await next()).toBe('Cancelled: stopping what was begun.');
    expect(await next()).toBe('CancelledError 7');
    child.kill(name);
    expect(await next()).toBe(
      'Still in the stage rollback, so that exactly one good release runs; please wait for it.',
    );
    expect(child.exitCode).toBeNull();
  });

  it('is not listened to any more once the deployment is over', () => {
    const before = process.listenerCount('SIGINT');
    const { dispose, signal } = cancelOnSignals(() => {}, { text: '' });
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    dispose();
    expect(process.listenerCount('SIGINT')).toBe(before);
    expect(signal.aborted).toBe(false);
  });

  it('has a reason that people can read', () => {
    expect(new CancelledError('a', 'b')).toMatchObject({ message: 'a', hint: 'b', exitCode: 7 });
  });
});
