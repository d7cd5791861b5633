import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeProject } from '../scripts/demo/docker.ts';
import { run, tryRun } from '../scripts/machine/commands.ts';
import { type Report, reportSchema } from '../src/deployment/report.ts';
import { type MeasureOptions, measure } from './measure.ts';

export const homeportCli = join(import.meta.dirname, '../dist/cli/index.js');
const script = join(import.meta.dirname, 'document-001.sh');

export type SideOptions = Pick<MeasureOptions, 'cwd' | 'env' | 'signal'> & { readonly project: string };

export interface HomeportRun {
  /** Wall clock of the process from its start to its end. */
  readonly seconds: number;
  readonly report: Report;
}

/** Runs the bundled CLI and gives its report. Throws with its last words when it fails. */
export async function runHomeport(
  command: 'deploy' | 'backup',
  options: SideOptions & { stateDirectory: string; onStart?: (pid: number) => void },
): Promise<HomeportRun> {
  let path: string | null = null;
  const flags = ['--project', options.project, '--state-directory', options.stateDirectory];
  if (command === 'deploy') flags.push('--minimum-free-disk', '1GiB');
  const seconds = await measure([process.execPath, homeportCli, command, ...flags], {
    ...options,
    onLine: (line) => {
      path = /^report: (.+)$/.exec(line)?.[1] ?? path;
    },
  }).catch(async (error: unknown) => {
    if (path === null || options.signal.aborted) throw error;
    const { error: cause } = await readReport(path);
    throw new Error(`homeport ${command}: ${cause?.message} ${cause?.hint}\n${cause?.excerpt ?? ''}`);
  });
  if (path === null) throw new Error('Homeport named no report.');
  return { seconds, report: await readReport(path) };
}

async function readReport(path: string): Promise<Report> {
  return reportSchema.parse(JSON.parse(await readFile(path, 'utf8')));
}

export interface ScriptRun {
  readonly seconds: number;
  /** Seconds of each of its steps, in their order. */
  readonly steps: Readonly<Record<string, number>>;
}

/** Runs document-001.sh in a checkout. Throws with its last words when it fails. */
export async function runScript(steps: string, options: SideOptions & { backups: string }): Promise<ScriptRun> {
  const begun: { name: string; at: number }[] = [];
  const seconds = await measure(['bash', script, steps], {
    ...options,
    env: { ...options.env, COMPOSE_PROJECT_NAME: options.project, BACKUPS: options.backups },
    onLine: (line, at) => {
      const name = /^==> (\w+)$/.exec(line)?.[1];
      if (name !== undefined) begun.push({ name, at });
    },
  });
  const lasted = begun.map(({ name, at }, index) => [name, (begun[index + 1]?.at ?? seconds) - at] as const);
  return { seconds, steps: Object.fromEntries(lasted) };
}

/** The id of the image that a name means; `null` when it means none. */
export async function imageId(name: string): Promise<string | null> {
  const answer = await tryRun(['docker', 'image', 'inspect', '--format', '{{.Id}}', name], { seconds: 30 });
  return answer.ok ? answer.stdout.trim() : null;
}

/** All that Docker has of a project, also the names that Homeport gave to images which it hadn't built. */
export async function removeDeployment(project: string): Promise<void> {
  await removeProject(project);
  const list = ['docker', 'image', 'ls', '--filter', `reference=${project}-*`] as const;
  const names = await run([...list, '--format', '{{.Repository}}:{{.Tag}}'], { seconds: 30 });
  const tags = names.split('\n').filter((name) => name !== '');
  if (tags.length > 0) await run(['docker', 'image', 'rm', ...tags], { seconds: 60 });
}

/** Removes images by their ids with all their names; such as are gone already are fine. */
export async function removeImages(ids: Iterable<string>): Promise<void> {
  for (const id of new Set(ids)) {
    if ((await imageId(id)) !== null) await run(['docker', 'image', 'rm', '--force', id], { seconds: 60 });
  }
}
