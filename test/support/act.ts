import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { type Project, plainEnvironment } from './project.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const published = 'homeport-dev/homeport@v1';

/** What act says of a run, one JSON object a line; only what is read here. */
const event = z.object({
  msg: z.string().default(''),
  step: z.string().optional(),
  stepResult: z.string().optional(),
  /** `Main`; `Pre` and `Post` have results of their own under the same name. */
  stage: z.string().optional(),
  jobResult: z.string().optional(),
  raw_output: z.boolean().default(false),
  command: z.string().optional(),
  arg: z.string().default(''),
  name: z.string().optional(),
  content: z.string().default(''),
  kvPairs: z.record(z.string(), z.string()).nullish(),
});

export interface Annotation {
  readonly level: string;
  readonly title: string;
  readonly message: string;
}

/** One run of the workflow. */
export interface WorkflowRun {
  readonly exitCode: number | null;
  readonly jobResult: string | null;
  /** What became of each step that ran, by its name. */
  readonly steps: Readonly<Record<string, string>>;
  readonly outputs: Readonly<Record<string, string>>;
  readonly annotations: readonly Annotation[];
  readonly groups: readonly string[];
  /** How many groups were left open, or ended without a beginning. */
  readonly unbalanced: number;
  readonly summary: string;
  /** The lines that one step printed. */
  linesOf(step: string): readonly string[];
  readonly log: string;
}

/** The workflow of a copied example, run by act on this machine as by a self-hosted runner. */
export class Workflow {
  /** The step that uses the action. */
  readonly homeport = published;
  readonly #project: Project;
  readonly #act: string;
  readonly #env: Readonly<Record<string, string>>;

  private constructor(project: Project, act: string, env: Readonly<Record<string, string>>) {
    this.#project = project;
    this.#act = act;
    this.#env = env;
  }

  /** Gives the copied workflow this project's name and state directory, and act a copy of what GitHub would fetch. */
  static async prepare(
    project: Project,
    options: { act: string; env: Readonly<Record<string, string>> },
  ): Promise<Workflow> {
    const path = join(project.checkout, '.github', 'workflows', 'deploy.yml');
    const document = parseDocument(await readFile(path, 'utf8'));
    const steps = z.array(z.object({ uses: z.string().optional() })).parse(document.toJS().jobs.homeport.steps);
    const index = steps.findIndex(({ uses }) => uses === published);
    if (index === -1) throw new Error(`the workflow does not use ${published}`);
    const given = {
      project: project.name,
      'state-directory': project.stateDirectory,
      'minimum-free-disk': '1MiB',
      'startup-wait': '1s',
    };
    for (const [key, value] of Object.entries(given)) {
      document.setIn(['jobs', 'homeport', 'steps', index, 'with', key], value);
    }
    await writeFile(path, document.toString());
    await project.git('remote', 'add', 'origin', `https://github.com/octo/${project.name}.git`);
    await project.commit('Deploy to a place of its own');

    const action = join(project.folder, 'action');
    await mkdir(action);
    for (const part of ['action.yml', 'dist']) await cp(join(root, part), join(action, part), { recursive: true });
    return new Workflow(project, options.act, options.env);
  }

  /** Runs the workflow to its end. */
  async run(event: 'push' | 'workflow_dispatch', inputs: Readonly<Record<string, string>> = {}): Promise<WorkflowRun> {
    const { folder } = this.#project;
    return await runAct(this.#project, this.#act, [
      event,
      ...['-P', 'self-hosted=-self-hosted', '--local-repository', `${published}=${join(folder, 'action')}`],
      ...Object.entries(this.#env).flatMap(([name, value]) => ['--env', `${name}=${value}`]),
      ...Object.entries(inputs).flatMap(([name, value]) => ['--input', `${name}=${value}`]),
    ]);
  }
}

/** Runs act in the project's checkout to its end. */
export async function runAct(project: Project, act: string, words: readonly string[]): Promise<WorkflowRun> {
  const { folder, checkout } = project;
  const environment = plainEnvironment();
  const result = await execa(act, [...words, '--pull=false', '--no-cache-server', '--rm', '--json'], {
    cwd: checkout,
    // It keeps checkouts and actions in its caches: in the project's folder they go with it.
    env: {
      ...environment,
      HOME: join(folder, 'home'),
      XDG_CACHE_HOME: join(folder, 'home', 'cache'),
      XDG_CONFIG_HOME: join(folder, 'home', 'config'),
      // It takes the first `node` for every action.
      PATH: `${dirname(process.execPath)}${delimiter}${environment.PATH}`,
    },
    extendEnv: false,
    stdin: 'ignore',
    reject: false,
    timeout: 180_000,
  });
  return readRun(result.exitCode ?? null, result.stdout, result.stderr);
}

function readRun(exitCode: number | null, stdout: string, stderr: string): WorkflowRun {
  const events = stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => event.parse(JSON.parse(line)));
  const commands = (...names: string[]) => events.filter(({ command }) => names.includes(command ?? ''));
  const groups = commands('group').map(({ arg }) => arg);
  return {
    exitCode,
    jobResult: events.find(({ jobResult }) => jobResult !== undefined)?.jobResult ?? null,
    steps: Object.fromEntries(
      events.flatMap(({ step = '', stepResult, stage = 'Main' }) =>
        stepResult === undefined || stage !== 'Main' ? [] : [[step, stepResult]],
      ),
    ),
    outputs: Object.fromEntries(commands('set-output').map(({ name = '', arg }) => [name, arg])),
    annotations: commands('error', 'warning', 'notice').map(({ command = '', arg, kvPairs }) => ({
      level: command,
      title: kvPairs?.title ?? '',
      message: arg,
    })),
    groups,
    unbalanced: groups.length - commands('endgroup').length,
    summary: commands('summary')
      .map(({ content }) => content)
      .join('\n'),
    linesOf: (step) =>
      events.filter((one) => one.step === step && one.raw_output).map(({ msg }) => msg.replace(/\n$/, '')),
    log: `${events.map(({ msg }) => msg.trimEnd()).join('\n')}\n${stderr}`,
  };
}
