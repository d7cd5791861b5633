import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, readlink, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { z } from 'zod';
import { type Report, reportSchema } from '../../src/deployment/report.ts';
import { begin, type Ended, type Running } from './homeport.ts';

const ownEntry = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url));

const inspected = z.array(
  z.object({
    Id: z.string(),
    Name: z.string(),
    Image: z.string(),
    Config: z.object({ Labels: z.record(z.string(), z.string()), Env: z.array(z.string()).nullable() }),
    State: z.object({ Status: z.string(), StartedAt: z.string() }),
  }),
);

/** A container of the project, as the engine tells it. */
export interface Container {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly imageId: string;
  readonly startedAt: string;
  readonly state: string;
  readonly environment: readonly string[];
}

export interface Outcome extends Ended {
  /** What the command reported; throws where it wrote no report. */
  readonly report: Report;
}

export interface HomeportOptions {
  readonly env?: Readonly<Record<string, string>>;
  /** Milliseconds. */
  readonly timeout?: number;
}

/** Flags that keep a test quick, for the commands that have them. */
const quick: Readonly<Record<string, readonly (readonly [string, string])[]>> = {
  deploy: [
    ['--minimum-free-disk', '1MiB'],
    ['--startup-wait', '1s'],
  ],
  plan: [['--minimum-free-disk', '1MiB']],
  rollback: [['--startup-wait', '1s']],
};

/** A Compose project in a temporary git repository, deployed by Homeport's CLI on the real engine. */
export class Project {
  readonly name: string;
  /** Of this test alone: the checkout, the state directory and whatever else. */
  readonly folder: string;
  readonly checkout: string;
  readonly stateDirectory: string;
  /** The entry of the CLI; another one for a changed copy of the source. */
  entry = ownEntry;
  readonly #begun = new Set<Running>();

  constructor(name: string, folder: string) {
    this.name = name;
    this.folder = folder;
    this.checkout = join(folder, 'checkout');
    this.stateDirectory = join(folder, 'state');
  }

  /** The project's own folder below the state directory. */
  get state(): string {
    return join(this.stateDirectory, this.name);
  }

  /** Writes files into the checkout, by their paths; `null` removes one. A compose.yaml gets the project's name. */
  async write(files: Readonly<Record<string, string | null>>): Promise<void> {
    for (const [path, text] of Object.entries(files)) {
      const place = join(this.checkout, path);
      if (text === null) await rm(place, { recursive: true });
      else {
        await mkdir(dirname(place), { recursive: true });
        await writeFile(place, path === 'compose.yaml' ? named(this.name, text) : text);
      }
    }
  }

  /** Writes files and commits everything; gives the commit. */
  async commit(message: string, files: Readonly<Record<string, string | null>> = {}): Promise<string> {
    await this.write(files);
    await this.git('add', '--all');
    await this.git('commit', '--quiet', '--allow-empty', '--message', message);
    return await this.git('rev-parse', 'HEAD');
  }

  async git(...words: string[]): Promise<string> {
    const result = await execa('git', words, { cwd: this.checkout, env: plainEnvironment(), extendEnv: false });
    return result.stdout;
  }

  /** Begins a command of Homeport's CLI. */
  begin(args: readonly string[], options: HomeportOptions = {}): Running {
    const more: (readonly [string, string])[] = [
      ['--state-directory', this.stateDirectory],
      ...(quick[args[0] ?? ''] ?? []),
    ];
    const flags = more.filter(([flag]) => !args.includes(flag)).flat();
    const running = begin([this.entry, ...args, ...flags], {
      cwd: this.checkout,
      env: { ...plainEnvironment(), TMPDIR: this.folder, ...options.env },
      timeout: options.timeout ?? 120_000,
    });
    this.#begun.add(running);
    return running;
  }

  /** Runs a command of Homeport's CLI to its end. */
  async homeport(args: readonly string[], options: HomeportOptions = {}): Promise<Outcome> {
    return await this.ended(this.begin(args, options));
  }

  /** The end of a command, with its report. */
  async ended(running: Running): Promise<Outcome> {
    const ended = await running.ended;
    const path = /^report: (\/.+)$/m.exec(ended.stdout)?.[1];
    const report = path === undefined ? null : reportSchema.parse(JSON.parse(await readFile(path, 'utf8')));
    return {
      ...ended,
      get report() {
        if (report === null) throw new Error(`no report was written\n${ended.stdout}\n${ended.stderr}`);
        return report;
      },
    };
  }

  /** Deploys, and throws with everything that was printed when it isn't a success. */
  async deploy(args: readonly string[] = [], options: HomeportOptions = {}): Promise<Outcome> {
    const outcome = await this.homeport(['deploy', ...args], options);
    if (outcome.exitCode !== 0)
      throw new Error(`deploy gave ${outcome.exitCode}\n${outcome.stdout}\n${outcome.stderr}`);
    return outcome;
  }

  /** All containers of the project, those of `run` too, by service and name. */
  async containers(): Promise<Container[]> {
    const ids = lines(await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', this.#label));
    if (ids.length === 0) return [];
    return inspected
      .parse(JSON.parse(await docker('inspect', ...ids)))
      .map((one) => ({
        id: one.Id,
        name: one.Name.replace(/^\//, ''),
        service: one.Config.Labels['com.docker.compose.service'] ?? '',
        imageId: one.Image,
        startedAt: one.State.StartedAt,
        state: one.State.Status,
        environment: one.Config.Env ?? [],
      }))
      .sort((a, b) => (`${a.service} ${a.name}` < `${b.service} ${b.name}` ? -1 : 1));
  }

  /** The only container of a service. */
  async container(service: string): Promise<Container> {
    const found = (await this.containers()).filter((one) => one.service === service);
    const [only] = found;
    if (only === undefined || found.length > 1) throw new Error(`${found.length} containers of ${service}, not one`);
    return only;
  }

  /** Every image name that begins with the project's, with the image that it means. */
  async tags(): Promise<Record<string, string>> {
    const told = await docker('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}');
    const all = lines(told).map((line) => line.split(' ') as [string, string]);
    return Object.fromEntries(all.filter(([tag]) => tag.startsWith(`${this.name}-`)).sort());
  }

  /** All that must stay as it is when a deployment disturbs nobody. */
  async whatRuns(): Promise<{ containers: Container[]; tags: Record<string, string>; current: string | null }> {
    return { containers: await this.containers(), tags: await this.tags(), current: await this.current() };
  }

  /** The release that `current` points at; `null` before the first good one. */
  async current(): Promise<string | null> {
    return await readlink(join(this.state, 'current')).then(basename, () => null);
  }

  /** Points `current` elsewhere, as a deployment that was killed before it moved it. */
  async pointCurrentAt(target: string): Promise<void> {
    const current = join(this.state, 'current');
    await rm(current);
    await symlink(target, current);
  }

  async volumes(): Promise<string[]> {
    return lines(await docker('volume', 'ls', '--quiet', '--filter', this.#label));
  }

  async networks(): Promise<string[]> {
    return lines(await docker('network', 'ls', '--quiet', '--filter', this.#label));
  }

  /** Removes everything of this project and nothing else. */
  async cleanUp(): Promise<void> {
    for (const running of this.#begun) await running.killed();
    const ids = (await this.containers()).map(({ id }) => id);
    if (ids.length > 0) await docker('rm', '--force', '--volumes', ...ids);
    const volumes = await this.volumes();
    if (volumes.length > 0) await docker('volume', 'rm', ...volumes);
    const networks = await this.networks();
    if (networks.length > 0) await docker('network', 'rm', ...networks);
    const tags = Object.keys(await this.tags()).map((tag) => tag.replace(/:<none>$/, ''));
    if (tags.length > 0) await docker('rmi', '--force', ...tags);
    // An image that lost its name to a later build is still known by Compose's label.
    const nameless = lines(await docker('images', '--quiet', '--no-trunc', '--filter', this.#label));
    if (nameless.length > 0) await docker('rmi', '--force', ...new Set(nameless));
    await rm(this.folder, { recursive: true, force: true });
  }

  get #label(): string {
    return `label=com.docker.compose.project=${this.name}`;
  }
}

/** Makes a project whose checkout has one commit with these files; its name is unique and is printed. */
export async function makeProject(options: {
  files: Readonly<Record<string, string>>;
  /** Stands behind the random part of the name. */
  name?: string;
}): Promise<Project> {
  const seed = randomBytes(4).toString('hex');
  const name = `hp-${seed}${options.name === undefined ? '' : `-${options.name}`}`;
  process.stderr.write(`project ${name}\n`);
  const project = new Project(name, await realpath(await mkdtemp(join(tmpdir(), `${name}-`))));
  await mkdir(project.checkout);
  await project.git('init', '--quiet', '--initial-branch', 'main');
  await project.git('config', 'user.name', 'Test');
  await project.git('config', 'user.email', 'test@example.org');
  await project.git('config', 'commit.gpgsign', 'false');
  await project.commit('first', options.files);
  return project;
}

function named(name: string, compose: string): string {
  return /^name:/m.test(compose) ? compose : `name: ${name}\n${compose}`;
}

/** Runs a docker command; throws with its last words. */
export async function docker(...words: string[]): Promise<string> {
  const result = await execa('docker', words, { timeout: 60_000, reject: false, stdin: 'ignore' });
  if (result.failed) throw new Error(`docker ${words.join(' ')}: ${result.stderr || result.shortMessage}`);
  return result.stdout;
}

/** What a command inherits: nothing of the machine that could change what Homeport or git does. */
export function plainEnvironment(): Record<string, string> {
  const entries = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(HOMEPORT_|GIT_|GITHUB_|RUNNER_|COMPOSE_|VITEST|NODE_OPTIONS)/.test(entry[0]),
  );
  return { ...Object.fromEntries(entries), GIT_CONFIG_GLOBAL: '/dev/null', GIT_CONFIG_NOSYSTEM: '1' };
}

function lines(text: string): string[] {
  return text.split('\n').filter((line) => line !== '');
}
