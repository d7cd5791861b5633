import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';

/*
 * `npm test`: the whole suite, and then how much of the source it reached. The processes that the tests start are counted
 * too, so V8's own figures are taken from each and put together by c8. With words of one's own (a file, `--project unit`)
 * it is just Vitest, as half a suite says nothing about that. Exit code 1 below what is asked for; `--table` tells it by file.
 */

const words = process.argv.slice(2).filter((word) => word !== '--table');
const reporter = process.argv.includes('--table') ? 'text' : 'text-summary';

/** Percent below which the suite fails. The goal for the engine's branches is higher: 95. */
const floors = [
  { include: 'src/**', lines: 90, branches: 0 },
  { include: 'src/deployment/**', lines: 95, branches: 93 },
] as const;

const root = fileURLToPath(new URL('..', import.meta.url));
const here = { cwd: root, preferLocal: true, stdio: 'inherit', reject: false } as const;

async function whole(folder: string): Promise<boolean> {
  // As Node runs it, without Vite's own step: what V8 counts stands at the same places in every process.
  const ran = await execa('vitest', ['run', '--experimental.viteModuleRunner=false'], {
    ...here,
    env: { NODE_V8_COVERAGE: folder },
    timeout: 80 * 60_000,
  });
  const reached: boolean[] = [];
  for (const { include, lines, branches } of floors) {
    process.stdout.write(`\nReached of ${include}; at least ${lines} % of lines, ${branches} % of branches\n`);
    const told = await execa(
      'c8',
      [
        ...['report', '--temp-directory', folder, '--include', include, '--reporter', reporter],
        ...['--check-coverage', '--lines', String(lines), '--branches', String(branches)],
        // The other measures have none.
        ...['--functions', '0', '--statements', '0'],
      ],
      { ...here, timeout: 10 * 60_000 },
    );
    reached.push(!told.failed);
  }
  return !ran.failed && reached.every(Boolean);
}

if (words.length > 0) {
  process.exitCode = (await execa('vitest', ['run', ...words], { ...here, timeout: 80 * 60_000 })).failed ? 1 : 0;
} else {
  const folder = await mkdtemp(join(tmpdir(), 'homeport-coverage-'));
  try {
    process.exitCode = (await whole(folder)) ? 0 : 1;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
