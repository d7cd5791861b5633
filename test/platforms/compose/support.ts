import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Source } from '../../../src/deployment/facts.ts';
import { type Places, placesOf } from '../../../src/deployment/places.ts';
import type { ComposeModel, ComposeService, ComposeVolume } from '../../../src/platforms/compose/model.ts';
import { type MountPlan, planMounts } from '../../../src/platforms/compose/mounts.ts';
import type { ObservedContainer } from '../../../src/platforms/compose/observe.ts';
import { localHost, temporaryFolder } from '../../hosts/support.ts';

/** A real git repository with a state folder beside it. */
export class Checkout {
  readonly root: string;
  readonly places: Places;
  readonly host = localHost();

  constructor() {
    const folder = temporaryFolder();
    this.root = join(folder, 'checkout');
    this.places = placesOf(join(folder, 'state'), 'shop');
    mkdirSync(this.root);
    this.git('init', '--quiet', '--initial-branch', 'main');
    this.git('config', 'user.name', 'Test');
    this.git('config', 'user.email', 'test@example.org');
  }

  git(...words: string[]): string {
    const env = {
      ...process.env,
      GIT_CONFIG_GLOBAL: '/dev/null',
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_ALLOW_PROTOCOL: 'file',
    };
    return execFileSync('git', words, { cwd: this.root, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  }

  path(name: string): string {
    return join(this.root, name);
  }

  write(name: string, content: string, mode = 0o644): void {
    mkdirSync(dirname(this.path(name)), { recursive: true });
    rmSync(this.path(name), { force: true });
    writeFileSync(this.path(name), content, { mode });
  }

  commit(): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', 'a change');
    return this.git('rev-parse', 'HEAD').trim();
  }

  source(workingDirectory = this.root): Source {
    const commit = this.git('rev-parse', 'HEAD').trim();
    return { root: this.root, workingDirectory, commit, committedAt: new Date(0), branch: 'main' };
  }

  /** Plans the bind mounts of one service, by their paths in the checkout. */
  async plan(
    paths: readonly string[],
    options: { persistentPaths?: readonly string[]; workingDirectory?: string; readOnly?: boolean } = {},
  ): Promise<MountPlan> {
    const volumes = paths.map((path) => bind(this.path(path), options.readOnly));
    return await this.planModel(modelOf({ web: { volumes } }), options);
  }

  async planModel(
    model: ComposeModel,
    options: { persistentPaths?: readonly string[]; workingDirectory?: string } = {},
  ): Promise<MountPlan> {
    return await planMounts(this.host, {
      model,
      source: this.source(options.workingDirectory ?? this.root),
      persistentPaths: options.persistentPaths ?? [],
      places: this.places,
    });
  }
}

/** A bind mount as `docker compose config` prints it. */
export function bind(source: string, readOnly = false): ComposeVolume {
  return {
    type: 'bind',
    source: source.replaceAll('$', '$$$$'),
    target: '/target',
    ...(readOnly ? { read_only: true } : {}),
  };
}

export function modelOf(services: Record<string, ComposeService>, more: Partial<ComposeModel> = {}): ComposeModel {
  return { name: 'shop', services, ...more };
}

/** A container as it is observed: running well, unless told otherwise. */
export function observed(service: string, more: Partial<ObservedContainer> = {}): ObservedContainer {
  return {
    id: `id-${service}`,
    engineFile: '',
    logGrows: false,
    name: `shop-${service}-1`,
    service,
    imageId: 'sha256:1',
    imageName: 'image',
    configHash: 'hash',
    state: 'running',
    exitCode: 0,
    health: 'none',
    healthOutput: '',
    restartCount: 0,
    restartPolicy: 'unless-stopped',
    oomKilled: false,
    startedAt: new Date('2025-11-21T10:00:00.000Z'),
    addresses: [],
    networkMode: 'shop_default',
    publishedPorts: [],
    mounts: [],
    environment: {},
    ...more,
  };
}
