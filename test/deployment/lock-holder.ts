import { ProjectLock } from '../../src/deployment/lock.ts';
import { LocalHost } from '../../src/hosts/local.ts';
import { Redactor } from '../../src/hosts/redactor.ts';

/** A process of its own that takes the lock, tells so with its child's ID, and holds it until it is killed. */
const [path = '', mode = ''] = process.argv.slice(2);
const lock: ProjectLock = new ProjectLock(path);
const host = new LocalHost({ redactor: new Redactor(), lockDescriptor: () => lock.descriptor });
await lock.take(
  host,
  { what: 'deploy theirs', who: 'bob', since: new Date().toISOString() },
  { timeout: 10_000, signal: new AbortController().signal, onWait: () => {} },
);
if (mode === 'alone') process.stdout.write('held 0\n');
else {
  void host.exec(['sh', '-c', 'echo "$$"; exec sleep 60'], {
    timeout: 60_000,
    changes: mode === 'changing',
    onLine: (line) => process.stdout.write(`held ${line}\n`),
  });
}
setInterval(() => {}, 1000);
