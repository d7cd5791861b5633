import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findExecutable, isExecutable, messageOf, run, type Say, tryRun } from './machine/commands.ts';
import { cacheFolder } from './machine/image-cache.ts';
import { downloadRelease, type Release } from './machine/releases.ts';

export interface Act {
  /** Path of nektos/act, which runs workflows on this machine. */
  act: string;
  /** Path of rhysd/actionlint, which checks workflow files. */
  actionlint: string;
}

interface Tool {
  name: string;
  module: string;
  version: string;
  release(system: string, arch: string): Release;
}

const ACT: Tool = {
  name: 'act',
  module: 'github.com/nektos/act',
  version: '0.2.89',
  release: (system, arch) => ({
    folder: 'https://github.com/nektos/act/releases/download/v0.2.89',
    archive: `act_${capitalized(system)}_${arch === 'x64' ? 'x86_64' : arch}.tar.gz`,
    checksums: 'checksums.txt',
  }),
};

const ACTIONLINT: Tool = {
  name: 'actionlint',
  module: 'github.com/rhysd/actionlint/cmd/actionlint',
  version: '1.7.12',
  release: (system, arch) => ({
    folder: 'https://github.com/rhysd/actionlint/releases/download/v1.7.12',
    archive: `actionlint_1.7.12_${system}_${arch === 'x64' ? 'amd64' : arch}.tar.gz`,
    checksums: 'actionlint_1.7.12_checksums.txt',
  }),
};

// Both modules ask for a newer Go than this; from 1.21 on, Go fetches the toolchain a module asks for.
const OLDEST_GO = [1, 22] as const;

/**
 * Finds act and actionlint on PATH or in the cache, else installs them into the cache: with Go where there is one, else
 * from their GitHub releases.
 * @throws with one sentence that says what to install, where neither works
 */
export async function ensureAct(say: Say): Promise<Act> {
  // One after the other: each go install keeps all cores busy, and the second finds modules that the first fetched.
  const actionlint = await ensureTool(ACTIONLINT, say);
  const act = await ensureTool(ACT, say);
  return { act, actionlint };
}

async function ensureTool(tool: Tool, say: Say): Promise<string> {
  const installed = await findExecutable(tool.name);
  if (installed !== undefined) return installed;
  const folder = join(cacheFolder(), 'bin');
  const path = join(folder, tool.name);
  if (await isExecutable(path)) return path;

  const reasons: string[] = [];
  if (await isGoNewEnough()) {
    say(`Building ${tool.name} ${tool.version} with Go; this takes a minute or two, once.`);
    // Beside its place first: somebody else may be making or using the same.
    await mkdir(folder, { recursive: true });
    const scratch = await mkdtemp(join(folder, '.go-'));
    const built = await tryRun(['go', 'install', `${tool.module}@v${tool.version}`], {
      seconds: 900,
      env: { GOBIN: scratch },
    });
    if (built.ok) await rename(join(scratch, tool.name), path);
    await rm(scratch, { recursive: true, force: true });
    if (built.ok) return path;
    reasons.push(`go install: ${built.stderr.split('\n').at(-1)}`);
  }
  say(`Downloading ${tool.name} ${tool.version} from its GitHub release.`);
  try {
    await downloadRelease(tool.release(process.platform, process.arch), tool.name, folder);
    return path;
  } catch (error) {
    reasons.push(`download: ${messageOf(error)}`);
  }
  throw new Error(
    `${tool.name} is missing and couldn't be installed (${reasons.join('; ')}): please install Go 1.22 or newer, or ${tool.name} ${tool.version} itself (https://${repositoryOf(tool)}).`,
  );
}

async function isGoNewEnough(): Promise<boolean> {
  const { stdout } = await tryRun(['go', 'env', 'GOVERSION'], { seconds: 30 });
  const parts = /^go(\d+)\.(\d+)/.exec(stdout);
  if (parts === null) return false;
  const [major, minor] = [Number(parts[1]), Number(parts[2])];
  return major > OLDEST_GO[0] || (major === OLDEST_GO[0] && minor >= OLDEST_GO[1]);
}

function repositoryOf(tool: Tool): string {
  return tool.module.split('/').slice(0, 3).join('/');
}

function capitalized(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}

if (import.meta.main) {
  try {
    const { act, actionlint } = await ensureAct(console.log);
    const [actVersion, actionlintVersion] = await Promise.all([
      run([act, '--version'], { seconds: 30 }),
      run([actionlint, '--version'], { seconds: 30 }),
    ]);
    console.log(`${actVersion.trim()}: ${act}`);
    console.log(`actionlint ${actionlintVersion.split('\n')[0]}: ${actionlint}`);
  } catch (error) {
    console.error(messageOf(error));
    process.exitCode = 1;
  }
}
