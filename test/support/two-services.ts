import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect } from 'vitest';
import { z } from 'zod';
import { ask } from './client.ts';
import { exampleProject } from './example.ts';
import type { Outcome, Project } from './project.ts';
import { freePort } from './web.ts';

const order = z.object({ id: z.number(), item: z.string(), state: z.string(), totalCents: z.number().nullable() });
const health = z.object({ status: z.string(), schema: z.number(), orders: z.number(), priced: z.number() });

/** A copy of examples/two-services, with a port and passwords of its own. */
export class TwoServices {
  readonly project: Project;
  readonly passwords = [randomBytes(12).toString('hex'), `${randomBytes(12).toString('hex')}/'"$ok`] as const;
  readonly #url: string;
  readonly #options: { readonly env: Readonly<Record<string, string>>; readonly timeout: number };

  private constructor(project: Project, port: number) {
    this.project = project;
    this.#url = `http://127.0.0.1:${port}`;
    const [ofRoot, ofShop] = this.passwords.map((password) => password.replaceAll(/["$]/g, '\\$&'));
    this.#options = {
      env: {
        SHOP_PORT: String(port),
        HOMEPORT_SECRETS: `DB_ROOT_PASSWORD="${ofRoot}"\nDB_PASSWORD="${ofShop}"`,
      },
      timeout: 300_000,
    };
  }

  static async copy(): Promise<TwoServices> {
    return new TwoServices(await exampleProject('two-services'), await freePort());
  }

  async deploy(...flags: string[]): Promise<Outcome> {
    return await this.project.deploy(['--project', this.project.name, ...flags], this.#options);
  }

  async rollback(): Promise<Outcome> {
    return await this.project.homeport(['rollback', '--project', this.project.name], this.#options);
  }

  /** Orders so many teas, and gives what they cost once the worker has said so. */
  async orderTea(quantity: number): Promise<number | null> {
    const response = await fetch(`${this.#url}/orders`, {
      method: 'POST',
      body: JSON.stringify({ item: 'tea', quantity }),
      signal: AbortSignal.timeout(10_000),
    });
    if (!response.ok) throw new Error(`POST /orders was answered ${response.status}: ${await response.text()}`);
    const { id } = order.parse(await response.json());
    const seen = async () => order.parse(await this.#read(`/orders/${id}`));
    await expect.poll(seen, { timeout: 20_000 }).toMatchObject({ state: 'priced' });
    return (await seen()).totalCents;
  }

  async orders(): Promise<z.infer<typeof order>[]> {
    return z.array(order).parse(await this.#read('/orders'));
  }

  async health(): Promise<z.infer<typeof health>> {
    return health.parse(await this.#read('/health'));
  }

  /** Commits another price for tea, before tax. */
  async changePriceOfTea(cents: number): Promise<void> {
    const path = 'config/app.json';
    const text = await readFile(join(this.project.checkout, path), 'utf8');
    const changed = text.replace('"tea": 350', `"tea": ${cents}`);
    if (changed === text) throw new Error(`${path} reads otherwise by now`);
    await this.project.commit('Change the price of tea', { [path]: changed });
  }

  /** The container of each service by its name. */
  async containers(): Promise<Readonly<Record<string, string>>> {
    return Object.fromEntries((await this.project.containers()).map(({ service, id }) => [service, id]));
  }

  async #read(path: string): Promise<unknown> {
    return JSON.parse((await ask(`${this.#url}${path}`, 10_000)).answer ?? 'null');
  }
}
