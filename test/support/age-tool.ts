import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The real `age` and `age-keygen`: the machine's own, else of the distribution's package, unpacked into the folder. */
export class AgeTool {
  #folder = '';

  async prepare(folder: string): Promise<void> {
    const installed = await run('age', ['--version']).then(
      () => true,
      () => false,
    );
    if (installed) return;
    await run('apt-get', ['download', 'age'], { cwd: folder, timeout: 120_000 });
    const archive = (await readdir(folder)).find((name) => /^age_.*\.deb$/.test(name));
    if (archive === undefined) throw new Error('the package age was not there to be downloaded');
    await run('dpkg-deb', ['--extract', archive, 'age'], { cwd: folder, timeout: 60_000 });
    this.#folder = join(folder, 'age', 'usr', 'bin');
  }

  /** Writes a new identity file and gives its recipient. */
  async keygen(path: string): Promise<string> {
    await run(join(this.#folder, 'age-keygen'), ['-o', path], { timeout: 20_000 });
    const { stdout } = await run(join(this.#folder, 'age-keygen'), ['-y', path], { timeout: 20_000 });
    return stdout.trim();
  }

  async decrypt(identity: string, from: string, to: string): Promise<void> {
    await run(join(this.#folder, 'age'), ['--decrypt', '-i', identity, '-o', to, from], { timeout: 60_000 });
  }

  async encrypt(recipient: string, from: string, to: string): Promise<void> {
    await run(join(this.#folder, 'age'), ['-r', recipient, '-o', to, from], { timeout: 60_000 });
  }
}
