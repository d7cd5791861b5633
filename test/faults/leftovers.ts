import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { Stage } from './command.ts';
import type { Engine } from './engine.ts';
import type { Observed } from './observed.ts';
import { listProcesses, type Process } from './processes.ts';
import { ask } from './project/postgres.ts';

/** Everything that should not be there once no deployment is under way. */
export async function leftovers(stage: Stage, engine: Engine, seen: Observed): Promise<string[]> {
  const found = await Promise.all([
    strayFiles(stage),
    heldLock(stage),
    strayContainers(stage, seen),
    strayNetworks(stage, engine),
    strayVolumes(engine),
    strayTags(stage, engine),
    scratchDatabases(seen),
  ]);
  // After the others, which start processes of their own.
  return [...found.flat(), ...orphans()];
}

async function strayFiles(stage: Stage): Promise<string[]> {
  const root = join(stage.state, stage.project);
  const names = readdirSync(root, { recursive: true, encoding: 'utf8' });
  const stray = names.filter((name) =>
    /\.(partial|tmp|draft)\b|\.draft\.json$|(^|\/)lock\.\d+$|(^|\/)\.probe-/.test(name),
  );
  const halves = readdirSync(join(root, 'releases')).filter(
    (id) => !names.includes(`releases/${id}/release.json`) || names.includes(`releases/${id}/build.yaml`),
  );
  return [
    ...stray.map((name) => `left in the state folder: ${name}`),
    ...halves.map((id) => `a part of a release is left: releases/${id}`),
  ];
}

async function heldLock(stage: Stage): Promise<string[]> {
  const lock = join(stage.state, stage.project, 'lock');
  const taken = await execa('flock', ['--nonblock', lock, 'true'], { reject: false, timeout: 5000 });
  return taken.exitCode === 0 ? [] : ['somebody still holds the lock'];
}

async function strayContainers(stage: Stage, seen: Observed): Promise<string[]> {
  const expected = ['db', 'web', 'worker'].map((service) => `${stage.project}-${service}-1`);
  return seen.containers.filter(({ name }) => !expected.includes(name)).map(({ name }) => `stray container ${name}`);
}

async function strayNetworks(stage: Stage, engine: Engine): Promise<string[]> {
  const expected = ['bridge', 'host', 'none', `${stage.project}_default`];
  const networks = (await engine.api.networks()).map(({ Name }) => Name);
  const doubled = networks.filter((name, at) => networks.indexOf(name) !== at);
  const stray = [...networks.filter((name) => !expected.includes(name)), ...doubled];
  return stray.map((name) => `stray network ${name}`);
}

async function strayVolumes(engine: Engine): Promise<string[]> {
  const volumes = await engine.api.volumes();
  return volumes.length <= 1 ? [] : [`${volumes.length} volumes instead of one`];
}

/** A tag that pins the image of a release belongs to a release that is recorded. */
async function strayTags(stage: Stage, engine: Engine): Promise<string[]> {
  const releases = readdirSync(join(stage.state, stage.project, 'releases'));
  const tags = (await engine.api.images()).flatMap(({ RepoTags }) => RepoTags ?? []);
  const stray = tags.filter((tag) => {
    const [, release] = /:homeport-(.+)$/.exec(tag) ?? [];
    return release !== undefined && !releases.includes(release);
  });
  return stray.map((tag) => `the tag ${tag} belongs to no release`);
}

async function scratchDatabases(seen: Observed): Promise<string[]> {
  const address = seen.containers.find(({ service }) => service === 'db')?.address;
  if (address === undefined || address === '') return ['the database has no address'];
  const server = { host: address, port: 5432, database: 'app' };
  const sql = `SELECT 'database ' || datname FROM pg_database WHERE datname LIKE 'homeport%'
    UNION ALL SELECT 'session ' || application_name FROM pg_stat_activity WHERE application_name LIKE 'homeport%'`;
  const rows = await ask(server, sql, 5000).catch((error: Error) => [[`nothing but: ${error.message}`]]);
  return rows.flat().map((what) => `left in PostgreSQL: ${what}`);
}

/** All that may run beside the harness: the engine, and the main processes of containers with what they start. */
function orphans(): string[] {
  const allowed = /^(dockerd|containerd|containerd-shim.*|docker-proxy|docker-init|runc.*)$/;
  const own = process.pid;
  const isStray = (one: Process): boolean => {
    if (one.pid === 1 || one.pid === own || one.state === 'Z') return false;
    if (one.contained) return /pg_dump|pg_restore|psql|migrate\.ts/.test(one.command);
    // What this check itself starts (flock, docker compose config) is a child of the harness.
    return !allowed.test(one.name.slice(0, 15)) && one.parent !== own;
  };
  return listProcesses()
    .filter(isStray)
    .map(({ pid, command, name }) => `a process is left: ${pid} ${command.slice(0, 120) || name}`);
}
