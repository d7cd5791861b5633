import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { removeProject } from '../scripts/demo/docker.ts';
import { run } from '../scripts/machine/commands.ts';
import type { Bench, Benchmark, Result } from './benchmark.ts';
import { Repository } from './repository.ts';
import { type HomeportRun, runHomeport } from './sides.ts';
import { inTurns, median } from './statistics.ts';

const bytes = 2 ** 30;
/** With its header and the alignment, what a row of eight MD5 sums takes on a page. */
const bytesPerRow = 293;
const memoryLimit = 150;
const sampleEvery = 20;
const longest = 600_000;

/** What dumping and verifying a database of 1 GiB costs, beside the bare commands for the same. */
export const bigDatabase: Benchmark = {
  name: 'big-database',
  title: 'Backing up and verifying a PostgreSQL database of 1 GiB',
  run: measureBackups,
};

interface Sample {
  readonly run: HomeportRun;
  readonly peakMiB: number;
}

async function measureBackups(bench: Bench): Promise<Result> {
  const project = `bench-${bench.seed}-big`;
  const folder = join(bench.folder, 'big-database');
  const source = join(folder, 'source');
  await mkdir(source, { recursive: true });
  const repository = await Repository.create(source, join(folder, 'checkout'), async (copy) => {
    await writeFile(join(copy, 'compose.yaml'), composeFile);
  });
  bench.cleanup.add(`what Docker has of ${project}`, () => removeProject(project));
  const stateDirectory = join(folder, 'state');
  await run(['docker', 'compose', '--project-name', project, 'up', '--detach', '--wait'], {
    seconds: 120,
    cwd: repository.folder,
  });
  const container = `${project}-db-1`;
  const size = await fill(container, bench);
  bench.say(`a database of ${Math.round(size / 2 ** 20)} MiB is there`);

  const homeport: Sample[] = [];
  const bare: number[] = [];
  let bareBytes = 0;
  const sides = [
    async () => {
      const options = { cwd: repository.folder, project, stateDirectory, signal: bench.signal };
      const sample = await backUpByHomeport(options);
      homeport.push(sample);
      // Otherwise the disk fills with gigabytes; what is measured is one backup.
      await Promise.all(sample.run.report.backups.map(({ file }) => rm(file)));
      return `Homeport ${sample.run.seconds.toFixed(1)} s, ${sample.peakMiB.toFixed(0)} MiB`;
    },
    async () => {
      const dump = await backUpBare(container, join(folder, 'bare.dump'), bench);
      bare.push(dump.seconds);
      bareBytes = dump.bytes;
      return `pg_dump -Fc and pg_restore ${dump.seconds.toFixed(1)} s`;
    },
  ];
  for (let round = 0; round < bench.runs; round += 1) {
    for (const side of inTurns(sides, round)) {
      bench.signal.throwIfAborted();
      bench.say(`run ${round + 1}: ${await side()}`);
    }
  }
  const peaks = homeport.map(({ peakMiB }) => peakMiB);
  return {
    comparisons: [
      {
        what: 'big-database: dump and restore once',
        unit: 's',
        sides: { Homeport: homeport.map((one) => one.run.seconds), 'pg_dump -Fc, pg_restore': bare },
      },
      { what: 'big-database: peak memory', unit: 'MiB', sides: { Homeport: peaks } },
    ],
    goals: [
      {
        what: "big-database: Homeport's peak memory (VmHWM)",
        measured: median(peaks),
        atMost: memoryLimit,
        unit: 'MiB',
      },
    ],
    details: {
      databaseBytes: size,
      homeportDumpBytes: homeport.at(-1)?.run.report.backups[0]?.bytes ?? null,
      bareDumpBytes: bareBytes,
      homeport: homeport.map(({ run: { seconds, report }, peakMiB }) => ({
        seconds,
        peakMiB,
        overhead_seconds: report.overhead_seconds,
      })),
    },
  };
}

const composeFile = `services:
  db:
    image: postgres:15
    environment:
      POSTGRES_DB: big
      POSTGRES_HOST_AUTH_METHOD: trust
    volumes:
      - data:/var/lib/postgresql/data
    healthcheck:
      test: [CMD, pg_isready, --quiet, --host=127.0.0.1, --dbname=big]
      interval: 1s
      retries: 60
volumes:
  data:
`;

/** Fills a table with what doesn't compress to nothing; gives the size of the database in bytes. */
async function fill(container: string, bench: Bench): Promise<number> {
  const sums = Array.from({ length: 8 }, (_, part) => `md5('${bench.seed} ${part} ' || i)`).join(' || ');
  const rows = Math.ceil(bytes / bytesPerRow);
  const sql = `CREATE TABLE sums AS SELECT i AS id, ${sums} AS text FROM generate_series(1, ${rows}) i; CHECKPOINT;`;
  await psql(container, 'big', sql, bench.signal);
  return Number(await psql(container, 'big', "SELECT pg_database_size('big')", bench.signal));
}

/** `homeport backup`, with the most memory that its process ever had resident. */
async function backUpByHomeport(options: Parameters<typeof runHomeport>[1]): Promise<Sample> {
  let peakKiB = 0;
  let watch: NodeJS.Timeout | null = null;
  const onStart = (pid: number): void => {
    // The kernel keeps the peak itself: only what comes after the last look could be missed.
    watch = setInterval(async () => {
      const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '');
      peakKiB = Math.max(peakKiB, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
    }, sampleEvery);
  };
  try {
    const run = await runHomeport('backup', { ...options, onStart });
    if (run.report.backups[0]?.verified !== 'restore') throw new Error('Homeport verified no backup.');
    return { run, peakMiB: peakKiB / 1024 };
  } finally {
    if (watch !== null) clearInterval(watch);
  }
}

/** What one would type for the same: a dump into a file, and that file restored once into a new database. */
async function backUpBare(container: string, path: string, bench: Bench): Promise<{ seconds: number; bytes: number }> {
  const begin = performance.now();
  const client = (...words: string[]) => ['docker', 'exec', '-i', container, ...words, '-U', 'postgres'] as const;
  await withFile(path, 'w', (fd) => spawned([...client('pg_dump'), '-Fc', 'big'], ['ignore', fd, 'inherit'], bench));
  await psql(container, 'postgres', 'CREATE DATABASE restored', bench.signal);
  await withFile(path, 'r', (fd) =>
    spawned([...client('pg_restore'), '-d', 'restored'], [fd, 'ignore', 'inherit'], bench),
  );
  await psql(container, 'restored', 'SELECT count(*) FROM sums', bench.signal);
  await psql(container, 'postgres', 'DROP DATABASE restored', bench.signal);
  const seconds = (performance.now() - begin) / 1000;
  const { size } = await stat(path);
  await rm(path);
  return { seconds, bytes: size };
}

async function withFile(path: string, flags: 'r' | 'w', use: (descriptor: number) => Promise<void>): Promise<void> {
  const file = await open(path, flags);
  try {
    await use(file.fd);
  } finally {
    await file.close();
  }
}

/** The files are the command's own, as a shell redirects them: no byte goes through this process. */
async function spawned(argv: readonly string[], stdio: StdioOptions, { signal }: Bench): Promise<void> {
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio, signal, timeout: longest });
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`${argv.join(' ')} ended with ${code}.`);
}

async function psql(container: string, database: string, sql: string, signal: AbortSignal): Promise<string> {
  const words = ['psql', '-XqAt', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', database, '-c', sql];
  const result = await execa('docker', ['exec', container, ...words], {
    stdin: 'ignore',
    timeout: longest,
    cancelSignal: signal,
  });
  return result.stdout.trim();
}
