import { appendFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { ProjectLock } from '../../src/deployment/lock.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { ownerVariable } from '../../src/hosts/owned.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

/**
 * A process of its own that takes the lock, tells each step as a line, and holds the lock until it is killed or reads a
 * line. `passing`, each line that it reads is the name of one more who takes the lock, notes that and lets it go.
 */
const [path = '', mode = '', itsName = ''] = process.argv.slice(2);
const say = (...words: unknown[]): void => {
  process.stdout.write(`${words.join(' ').trim().replaceAll('\n', ', ')}\n`);
};

async function take(name: string) {
  const lock: ProjectLock = new ProjectLock(path);
  const host = new LocalHost({ redactor: new Redactor(), lockDescriptor: () => lock.descriptor });
  const owner = `${path}#${name}`;
  await lock.take(
    host,
    { what: `deploy ${name}`, who: 'bob', since: new Date().toISOString(), commit: null, runUrl: null, owner },
    {
      timeout: 60_000,
      signal: new AbortController().signal,
      onWait: (holder) => say('waits', name, holder),
      onOrphans: (sentence) => say('orphans', sentence),
    },
  );
  return { lock, host, owner };
}

const lines = createInterface({ input: process.stdin });
if (mode === 'passing') {
  lines.on('line', async (name) => {
    const { lock } = await take(name);
    appendFileSync(`${path}-order`, `${name} comes\n`);
    appendFileSync(`${path}-order`, `${name} goes\n`);
    lock.release();
    say('passed', name);
  });
} else {
  const { lock, host, owner } = await take(itsName);
  if (mode === 'alone') say('held', 0);
  else {
    void host.exec(['sh', '-c', 'echo "$$"; exec sleep 60'], {
      timeout: 60_000,
      changes: mode === 'changing',
      env: { [ownerVariable]: owner },
      onLine: (line) => say('held', line),
    });
  }
  lines.once('line', () => {
    lock.release();
    process.exit();
  });
}
