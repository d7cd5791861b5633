import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/*
 * How much of the engine its own tests reach: those that call it, and those that run the whole command on a real Docker.
 * The processes that they start are counted too, so that V8's own figures are taken from each and put together by c8.
 * Exit code 1 below the least.
 */

/** Percent of lines and of branches. */
const least = '95';
const engine = 'src/deployment/**';
const tests = ['test/deployment', 'test/e2e'];

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'homeport-coverage-'));
try {
  // As Node runs it, without Vite's own step: what V8 counts stands at the same places in every process.
  const words = ['run', '--experimental.viteModuleRunner=false', ...tests];
  const ran = await execa('vitest', words, {
    cwd: root,
    preferLocal: true,
    stdio: 'inherit',
    env: { NODE_V8_COVERAGE: folder },
    timeout: 30 * 60_000,
    reject: false,
  });
  const told = await execa(
    'c8',
    [
      ...['report', '--temp-directory', folder, '--include', engine],
      ...['--reporter', 'text', '--check-coverage', '--lines', least, '--branches', least],
      // Those of the other measures are no goals.
      ...['--functions', '0', '--statements', '0'],
    ],
    { cwd: root, preferLocal: true, stdio: 'inherit', timeout: 10 * 60_000, reject: false },
  );
  process.exitCode = ran.failed || told.failed ? 1 : 0;
} finally {
  await rm(folder, { recursive: true, force: true });
}
