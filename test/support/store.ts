import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseTarget } from '../../src/databases/database.ts';
import type { DatabaseLab } from './databases.ts';

/**
 * A small service that keeps numbered rows in a file, and the commands that dump, check and restore it: as crude as they
 * come, for its restore empties the file first. Files beside the data make it misbehave: `slow` and `fail` stop a restore
 * at its half, `cut` a dump.
 */
const program = `
import fcntl, os, sys, time
here = os.environ.get('STORE', '/data')
path = lambda name: os.path.join(here, name)

def locked():
    lock = open(path('lock'), 'w')
    fcntl.flock(lock, fcntl.LOCK_EX)
    return lock

def rows():
    with open(path('rows'), 'a+') as file:
        file.seek(0)
        return file.read().split()

def fail(why):
    sys.exit(why)

def serve():
    number = len(rows())
    while True:
        if not os.path.exists(path('quiet')):
            with locked(), open(path('rows'), 'a') as file:
                file.write('%d\\n' % number)
            number += 1
        time.sleep(0.002)

def dump():
    with locked():
        seen = rows()
    if os.environ.get('PASSWORD') != 'not-to-be-seen':
        fail('error: no password')
    if os.path.exists(path('cut')):
        seen = seen[:1] + ['']
    sys.stdout.write('store\\n' + ''.join(row + '\\n' for row in seen))
    if not os.path.exists(path('cut')):
        sys.stdout.write('end %d\\n' % len(seen))

def read():
    lines = sys.stdin.read().split('\\n')
    body = lines[1:-2]
    if lines[0] != 'store' or lines[-1] != '' or lines[-2] != 'end %d' % len(body):
        fail('error: this is no whole dump')
    return body

def check():
    print('rows of the store %d' % len(read()))

def restore():
    body = read()
    with locked(), open(path('rows'), 'w') as file:
        for at, row in enumerate(body):
            if at == len(body) // 2:
                file.flush()
                for name in ('fail', 'slow'):
                    if os.path.exists(path(name)):
                        os.remove(path(name))
                        open(path('half'), 'w').close()
                        time.sleep(600) if name == 'slow' else fail('error: the disk said no')
            file.write(row + '\\n')

globals()[sys.argv[1]]()
`;

export class Store {
  readonly #lab: DatabaseLab;
  readonly data: string;
  readonly code: string;
  target: DatabaseTarget = { kind: 'command', service: 'store', container: '', imageId: '', database: 'rows' };

  constructor(lab: DatabaseLab) {
    this.#lab = lab;
    const own = join(lab.folder, `store-${randomBytes(3).toString('hex')}`);
    [this.data, this.code] = [join(own, 'data'), join(own, 'code')];
    for (const folder of [this.data, this.code]) mkdirSync(folder, { recursive: true });
    writeFileSync(join(this.code, 'store.py'), program);
  }

  async start(): Promise<void> {
    const mounts = ['-v', `${this.data}:/data`, '-v', `${this.code}:/code:ro`];
    const flags = ['--init', '-e', 'PASSWORD=not-to-be-seen', ...mounts];
    const container = await this.#lab.start('python:3.11-slim', flags, ['python', '/code/store.py', 'serve']);
    const imageId = await this.#lab.imageOf(container);
    const commands = {
      dump: 'python /code/store.py dump',
      restore: 'python /code/store.py restore',
      check: 'python /code/store.py check',
    };
    this.target = { ...this.target, container, imageId, commands };
  }

  /** Makes a file by which the store behaves in some way. */
  set(name: 'slow' | 'fail' | 'cut' | 'quiet'): void {
    writeFileSync(join(this.data, name), '');
  }

  /** No more writes, also none that were under way. */
  async quiet(): Promise<void> {
    this.set('quiet');
    await sleep(300);
  }

  /** The processes of the store's commands in its container. */
  async commands(): Promise<string[]> {
    const script = 'for d in /proc/[0-9]*; do tr "\\0" " " < $d/cmdline 2>/dev/null; echo; done; exit 0';
    const { stdout } = await this.#lab.exec(this.target.container, ['sh', '-c', script]);
    return stdout.split('\n').filter((line) => /python .*store\.py (dump|restore|check)/.test(line));
  }
}
