import { randomBytes } from 'node:crypto';
import { copyFile, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { BaseImage } from '../scripts/images.ts';

const root = join(import.meta.dirname, '..');

/** A project that both sides deploy. */
export interface Example {
  readonly source: string;
  /** What document-001.sh is told of it. */
  readonly steps: string;
  readonly images: readonly BaseImage[];
  /** A folder whose content goes into the image: what each commit changes, and where each side's own file stands. */
  readonly inImage: string;
  /** The image that the script builds. */
  image(project: string): string;
  /** What a deployment is given by its environment. */
  environment(project: string, port: number): Record<string, string>;
  /** Changes the copy of the example. */
  prepare(folder: string): Promise<void>;
}

export const guestbook: Example = {
  source: join(root, 'examples/guestbook'),
  steps: join(import.meta.dirname, 'steps/guestbook.sh'),
  images: ['node:24-slim'],
  inImage: 'lib',
  image: (project) => `${project}-web:latest`,
  environment: (_project, port) => ({ GUESTBOOK_PORT: String(port) }),
  prepare: async () => {},
};

const password = randomBytes(12).toString('hex');

/** As it stands, but for an image name that each side has for itself. */
export const serverAgent: Example = {
  source: join(root, 'examples/server-agent'),
  steps: join(import.meta.dirname, 'steps/server-agent.sh'),
  images: ['python:3.11-slim', 'postgres:15'],
  inImage: 'app',
  image: (project) => `${project}-agent:latest`,
  environment: (project, port) => ({
    APP_PORT: String(port),
    POSTGRES_PASSWORD: password,
    AGENT_IMAGE: `${project}-agent:latest`,
  }),
  prepare: async (folder) => {
    await edit(
      join(folder, 'docker-compose-vnext.yml'),
      'image: server-agent-vnext:latest',
      'image: ${AGENT_IMAGE:-server-agent-vnext:latest}',
    );
  },
};

/**
 * `server-agent` with the times of document 001, a fifth of them each: 9 s backup, 15 s tests, 18 s build. What is added
 * is waiting, which costs the machine nothing.
 */
export const scaledServerAgent: Example = {
  ...serverAgent,
  prepare: async (folder) => {
    await serverAgent.prepare(folder);
    // The build itself takes about a second.
    await edit(join(folder, 'Dockerfile'), 'COPY app app\n', 'COPY app app\nRUN sleep 17\n');
    await copyFile(join(import.meta.dirname, 'scaled/pg_dump'), join(folder, 'scripts/pg_dump'));
    await edit(
      join(folder, 'docker-compose-vnext.yml'),
      '      - pgdata:/var/lib/postgresql/data\n',
      '      - pgdata:/var/lib/postgresql/data\n      - ./scripts/pg_dump:/usr/local/bin/pg_dump:ro\n',
    );
    await rename(join(folder, 'scripts/run_tests.sh'), join(folder, 'scripts/run_suite.sh'));
    await copyFile(join(import.meta.dirname, 'scaled/run_tests.sh'), join(folder, 'scripts/run_tests.sh'));
  },
};

async function edit(path: string, from: string, to: string): Promise<void> {
  const text = await readFile(path, 'utf8');
  if (!text.includes(from)) throw new Error(`${path} has changed: there is no "${from.trim()}" in it any more.`);
  await writeFile(
    path,
    text.replace(from, () => to),
  );
}
