import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../scripts/machine/commands.ts';

/** What Node runs: Homeport's doors. */
export interface Entries {
  readonly cli: string;
  readonly main: string;
  readonly post: string;
}

/** The doors as they stand in the source: Node reads the TypeScript itself. */
export function sourceEntries(source: string): Entries {
  return {
    cli: join(source, 'src/cli/main.ts'),
    main: join(source, 'src/action/main.ts'),
    post: join(source, 'src/action/post.ts'),
  };
}

/**
 * Bundles the doors as they are now into `folder`. From some hundred files each of thousands of commands would take a
 * second longer to begin; and who edits the source meanwhile changes nothing under a run.
 */
export async function bundledEntries(repository: string, folder: string): Promise<Entries> {
  // Inside node_modules, so that bare imports resolve.
  const modules = join(repository, 'node_modules', '.cache', `homeport-faults-${process.pid}`);
  const bounds = { seconds: 300, cwd: repository };
  const tool = (name: string): string => join(repository, 'node_modules', '.bin', name);
  mkdirSync(modules, { recursive: true });
  try {
    writeFileSync(join(modules, 'package.json'), '{"type": "module"}');
    await run([tool('tsc'), '--project', 'scripts/tsconfig.build.json', '--outDir', modules], bounds);
    const bundle = async (door: string, entry: string): Promise<string> => {
      const out = join(folder, door);
      await run([tool('ncc'), 'build', join(modules, entry), '--out', out, '--target', 'es2024'], bounds);
      return join(out, 'index.js');
    };
    return {
      cli: await bundle('cli', 'cli/main.js'),
      main: await bundle('main', 'action/main.js'),
      post: await bundle('post', 'action/post.js'),
    };
  } finally {
    rmSync(modules, { recursive: true, force: true });
  }
}
