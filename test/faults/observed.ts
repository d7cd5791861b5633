import { readFileSync, readlinkSync } from 'node:fs';
import { request } from 'node:http';
import { basename, join } from 'node:path';
import { execa } from 'execa';
import { z } from 'zod';
import type { Stage } from './command.ts';
import type { Engine } from './engine.ts';
import type { InspectedContainer } from './engine-api.ts';

const releaseFile = z.object({
  id: z.string(),
  commit: z.string(),
  verdict: z.string(),
  services: z.record(z.string(), z.object({ image_id: z.string() })),
});
export type RecordedRelease = z.infer<typeof releaseFile>;

const served = z.object({ code: z.number(), environment: z.string(), file: z.string(), schema: z.number() });

/** What a container of the project is made of. */
export interface Running {
  readonly id: string;
  readonly name: string;
  readonly service: string;
  readonly state: string;
  readonly health: string;
  readonly imageId: string;
  readonly configHash: string;
  readonly release: string | null;
  readonly address: string;
}

/** What is seen of the project, asked of nobody but the engine, the service and the disk. */
export interface Observed {
  readonly current: RecordedRelease | null;
  readonly containers: readonly Running[];
  readonly served: z.infer<typeof served> | null;
}

export async function observeProject(stage: Stage, engine: Engine): Promise<Observed> {
  const [containers, answer] = await Promise.all([engine.api.containers(), askService()]);
  return { current: currentRelease(stage), containers: containers.map(toRunning), served: answer };
}

export function currentRelease(stage: Stage): RecordedRelease | null {
  const root = join(stage.state, stage.project);
  try {
    const id = basename(readlinkSync(join(root, 'current')));
    return releaseFile.parse(JSON.parse(readFileSync(join(root, 'releases', id, 'release.json'), 'utf8')));
  } catch {
    return null;
  }
}

/** How `docker compose` is told of a recorded release. */
export function composeWords(stage: Stage, release: string): string[] {
  const folder = join(stage.state, stage.project, 'releases', release);
  return ['--project-name', stage.project, '--project-directory', folder, '--file', join(folder, 'compose.yaml')];
}

const hashes = new Map<string, Map<string, string>>();

/** What Compose says that the containers of a release must be like; by service. */
export async function configHashesOf(stage: Stage, release: string): Promise<Map<string, string>> {
  const known = hashes.get(`${stage.state} ${release}`);
  if (known !== undefined) return known;
  const told = await execa('docker', ['compose', ...composeWords(stage, release), 'config', '--hash', '*'], {
    env: stage.environment,
    timeout: 20_000,
    stdin: 'ignore',
  });
  const found = new Map(told.stdout.split('\n').map((line) => line.split(' ') as [string, string]));
  hashes.set(`${stage.state} ${release}`, found);
  return found;
}

function toRunning(one: InspectedContainer): Running {
  const labels = one.Config.Labels ?? {};
  const variable = (one.Config.Env ?? []).find((line) => line.startsWith('RELEASE='));
  return {
    id: one.Id,
    name: one.Name.replace(/^\//, ''),
    service: labels['com.docker.compose.service'] ?? '',
    state: one.State.Status,
    health: one.State.Health?.Status ?? 'none',
    imageId: one.Image,
    configHash: labels['com.docker.compose.config-hash'] ?? '',
    release: variable?.slice('RELEASE='.length) ?? null,
    address: Object.values(one.NetworkSettings.Networks)[0]?.IPAddress ?? '',
  };
}

function askService(): Promise<Observed['served']> {
  return new Promise((resolve) => {
    const asked = request('http://127.0.0.1:8080/', { agent: false, timeout: 3000 }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
      answer.on('error', () => resolve(null));
      answer.on('end', () => {
        const parsed = answer.statusCode === 200 ? served.safeParse(JSON.parse(text)) : null;
        resolve(parsed?.success ? parsed.data : null);
      });
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve(null));
    asked.end();
  });
}
