import { execFileSync } from 'node:child_process';
import { mkdirSync, statfsSync } from 'node:fs';

/** A file system of its own in memory, which can be filled up and freed at once. Lives as long as the mount namespace. */
export class SmallDisk {
  readonly path: string;
  readonly #bytes: number;

  constructor(path: string, bytes: number) {
    this.path = path;
    this.#bytes = bytes;
    mkdirSync(path, { recursive: true });
    mount('-t', 'tmpfs', '-o', `size=${bytes},mode=0711`, 'homeport-faults', path);
  }

  /** From now on whoever writes gets ENOSPC. Made smaller instead of filled: that takes no time and no memory. */
  fill(): void {
    for (let attempt = 1; ; attempt += 1) {
      const { blocks, bfree, bsize } = statfsSync(this.path);
      try {
        this.#resize((blocks - bfree) * bsize);
        return;
      } catch (error) {
        // Somebody wrote in between.
        if (attempt === 10) throw error;
      }
    }
  }

  free(): void {
    this.#resize(this.#bytes);
  }

  #resize(bytes: number): void {
    mount('-o', `remount,size=${bytes}`, this.path);
  }
}

function mount(...words: string[]): void {
  execFileSync('mount', words, { stdio: ['ignore', 'ignore', 'pipe'], timeout: 10_000 });
}
