import { request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

const everyMs = 200;

/** A user who keeps inserting rows, and remembers which of them the service said are committed. */
export class Writer {
  readonly committed: string[] = [];
  /** Asked for, and not answered with 200. */
  failures = 0;
  readonly #run: string;
  #stopped = false;
  readonly #loop: Promise<void>;

  /** `run` begins the name of each row. */
  constructor(run: string) {
    this.#run = run;
    this.#loop = this.#write();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
  }

  async #write(): Promise<void> {
    for (let count = 1; !this.#stopped; count += 1) {
      const id = `${this.#run}-${count}`;
      if (await insert(id)) this.committed.push(id);
      else this.failures += 1;
      await sleep(everyMs);
    }
  }
}

function insert(id: string): Promise<boolean> {
  return new Promise((resolve) => {
    const url = `http://127.0.0.1:8080/rows?id=${id}`;
    const asked = request(url, { method: 'POST', agent: false, timeout: 2500 }, (answer) => {
      answer.resume();
      answer.on('error', () => resolve(false));
      answer.on('end', () => resolve(answer.statusCode === 200));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(false));
    asked.end();
  });
}
