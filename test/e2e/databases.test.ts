import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { docker, makeProject, type Project } from '../support/project.ts';

const server = `image: postgres:15
    command: postgres -c fsync=off
    healthcheck: {test: [CMD, pg_isready, -q, -h, 127.0.0.1], interval: 500ms, retries: 60}
    stop_grace_period: 5s`;

const files = {
  'compose.yaml': `services:
  db:
    ${server}
    env_file: db.env
    secrets: [password]
    volumes: ['data:/var/lib/postgresql/data']
  scratchpad:
    ${server}
    environment: {POSTGRES_PASSWORD: example}
    tmpfs: /var/lib/postgresql/data
volumes: {data: {}}
secrets: {password: {file: ./password.txt}}
`,
  'db.env': 'POSTGRES_USER=Clerk\nPOSTGRES_DB=Main-Shop\nPOSTGRES_PASSWORD_FILE=/run/secrets/password\n',
  'password.txt': 'not to be told',
};

describe('`backup: auto` of a server with several databases', () => {
  let project: Project;

  beforeAll(async () => {
    project = await makeProject({ files, name: 'several' });
    await project.deploy(['--startup-wait', '0s']);
  });
  afterAll(async () => await project?.cleanUp());

  const sql = async (statement: string, database: string): Promise<string> => {
    const { id } = await project.container('db');
    return await docker('exec', id, 'psql', '-XqAt', '-U', 'Clerk', '-d', database, '-c', statement);
  };

  it('has each of them, and tells of the server whose data is in memory', async () => {
    await sql('CREATE DATABASE "Orders 2"', 'Main-Shop');
    await sql('CREATE TABLE orders AS SELECT generate_series(1, 5) AS id', 'Orders 2');
    const { output, report } = await project.deploy(['--startup-wait', '0s']);
    expect(report.backups).toMatchObject([
      { service: 'db', database: 'Main-Shop', verified: 'restore' },
      { service: 'db', database: 'Orders 2', verified: 'restore' },
    ]);
    expect(output).toContain('scratchpad keeps its data in memory (tmpfs): it is not backed up');
  });

  it('can restore the one that it found by itself', async () => {
    const { report } = await project.homeport(['backup']);
    const file = report.backups.find((one) => one.database === 'Orders 2')?.file ?? '';
    await sql('DELETE FROM orders WHERE id > 1', 'Orders 2');
    expect((await project.homeport(['restore', file, '--yes'])).exitCode).toBe(0);
    expect(await sql('SELECT count(*) FROM orders', 'Orders 2')).toBe('5');
  });
});
