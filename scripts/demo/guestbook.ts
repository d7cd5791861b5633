import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { run } from '../machine/commands.ts';

const EXAMPLE = join(import.meta.dirname, '../../examples/guestbook');

/** A repository of its own with the example in it, as a user would have it. */
export class Guestbook {
  readonly folder: string;
  readonly url: string;

  private constructor(folder: string, url: string) {
    this.folder = folder;
    this.url = url;
  }

  /** Copies the example's first version into `folder`, commits it, and chooses a free port for it. */
  static async create(folder: string): Promise<Guestbook> {
    const port = await freePort();
    const guestbook = new Guestbook(folder, `http://127.0.0.1:${port}`);
    await mkdir(folder);
    await cp(EXAMPLE, folder, { recursive: true, filter: (source) => source !== join(EXAMPLE, 'demo') });
    await writeFile(join(folder, '.env'), `GUESTBOOK_PORT=${port}\n`);
    await guestbook.#git('init', '--quiet', '--initial-branch=main');
    await guestbook.#commit('A guestbook');
    return guestbook;
  }

  /** Lays a later version over the present one and commits it. */
  async change(version: string, subject: string): Promise<void> {
    await cp(join(EXAMPLE, 'demo', version), this.folder, { recursive: true });
    await this.#commit(subject);
  }

  /** The version that the last commit holds. */
  async version(): Promise<string> {
    return (await readFile(join(this.folder, 'VERSION'), 'utf8')).trim();
  }

  async #commit(subject: string): Promise<void> {
    await this.#git('add', '--all');
    await this.#git('commit', '--quiet', `--message=${subject}`);
  }

  async #git(...args: string[]): Promise<void> {
    // Neither hooks nor signatures nor templates of the person who runs the demo.
    const repository = join(this.folder, '.git');
    const env = {
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_DIR: repository,
      GIT_WORK_TREE: this.folder,
      GIT_INDEX_FILE: join(repository, 'index'),
    };
    const person = ['-c', 'user.name=Demo', '-c', 'user.email=demo@localhost'];
    await run(['git', ...person, ...args], { seconds: 30, cwd: this.folder, env });
  }
}

/** A TCP port that nobody listens on; somebody might take it until it is used, which the deployment would say. */
async function freePort(): Promise<number> {
  const server = createServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, () => {
      const address = server.address();
      if (typeof address === 'object' && address !== null) resolve(address.port);
      else reject(new Error('This system gives no port.'));
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return port;
}
