import { request } from 'node:http';
import { z } from 'zod';

const containerList = z.array(z.object({ Id: z.string() }));
const inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  Image: z.string(),
  State: z.object({
    Status: z.string(),
    Pid: z.number(),
    StartedAt: z.string(),
    Health: z.object({ Status: z.string() }).nullish(),
  }),
  Config: z.object({ Labels: z.record(z.string(), z.string()).nullish(), Env: z.array(z.string()).nullish() }),
  NetworkSettings: z.object({ Networks: z.record(z.string(), z.object({ IPAddress: z.string() })) }),
});
const images = z.array(z.object({ Id: z.string(), RepoTags: z.array(z.string()).nullish() }));
const networks = z.array(z.object({ Id: z.string(), Name: z.string() }));
const volumes = z.object({ Volumes: z.array(z.object({ Name: z.string() })).nullish() });

export type InspectedContainer = z.infer<typeof inspected>;

/** The engine's own HTTP interface: some hundred questions a minute would be slow through the `docker` command. */
export class EngineApi {
  readonly #socket: string;

  constructor(socket: string) {
    this.#socket = socket;
  }

  async answers(): Promise<boolean> {
    return await this.#ask('GET', '/_ping', 1000).then(
      () => true,
      () => false,
    );
  }

  /** All containers, running or not. */
  async containers(): Promise<InspectedContainer[]> {
    const listed = containerList.parse(JSON.parse(await this.#ask('GET', '/containers/json?all=1')));
    const told = await Promise.all(
      listed.map(({ Id }) => this.#ask('GET', `/containers/${Id}/json`).catch(() => null)),
    );
    // One that went away in between is none.
    return told.filter((text) => text !== null).map((text) => inspected.parse(JSON.parse(text)));
  }

  async images(): Promise<z.infer<typeof images>> {
    return images.parse(JSON.parse(await this.#ask('GET', '/images/json')));
  }

  async networks(): Promise<z.infer<typeof networks>> {
    return networks.parse(JSON.parse(await this.#ask('GET', '/networks')));
  }

  async volumes(): Promise<string[]> {
    const { Volumes } = volumes.parse(JSON.parse(await this.#ask('GET', '/volumes')));
    return (Volumes ?? []).map(({ Name }) => Name);
  }

  /** All that it says of containers and networks, for people. */
  async everything(): Promise<unknown> {
    const paths = ['/containers/json?all=1', '/networks'];
    for (const { Id } of await this.containers()) paths.push(`/containers/${Id}/json`);
    for (const { Id } of await this.networks()) paths.push(`/networks/${Id}`);
    const told = await Promise.all(paths.map((path) => this.#ask('GET', path).then(JSON.parse, String)));
    return Object.fromEntries(paths.map((path, at) => [path, told[at]]));
  }

  /** Starts a container; one that runs already is fine. */
  async start(id: string): Promise<void> {
    await this.#ask('POST', `/containers/${id}/start`);
  }

  async remove(what: 'containers' | 'networks' | 'volumes' | 'images', id: string): Promise<void> {
    const options = what === 'containers' ? '?force=1&v=1' : what === 'images' || what === 'volumes' ? '?force=1' : '';
    await this.#ask('DELETE', `/${what}/${encodeURIComponent(id)}${options}`);
  }

  #ask(method: string, path: string, timeout = 20_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request({ socketPath: this.#socket, method, path, timeout, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
        });
        answer.on('error', reject);
        answer.on('end', () => {
          // 304: it is so already.
          if ((answer.statusCode ?? 500) < 300 || answer.statusCode === 304) resolve(text);
          else reject(new Error(`the engine answered ${answer.statusCode} to ${method} ${path}: ${text.trim()}`));
        });
      });
      asked.on('timeout', () => asked.destroy(new Error(`the engine did not answer ${path} within ${timeout} ms`)));
      asked.on('error', reject);
      asked.end();
    });
  }
}
