import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectVerdict } from '../support/expectations.ts';
import { docker, makeProject, type Project } from '../support/project.ts';

/** A database, and an application that does nothing but stay up and hold a client for its migration. */
function files(version: string, migration: string): Record<string, string> {
  return {
    'compose.yaml': `services:
  db:
    image: postgres:15
    command: postgres -c fsync=off
    environment: {POSTGRES_PASSWORD: example}
    volumes: ['data:/var/lib/postgresql/data']
    healthcheck: {test: [CMD, pg_isready, -q, -h, 127.0.0.1], interval: 500ms, retries: 60}
    restart: unless-stopped
  app:
    build: app
    restart: unless-stopped
    stop_grace_period: 1s
    environment: {PGHOST: db, PGUSER: postgres, PGPASSWORD: example, VERSION: ${version}}
    depends_on: {db: {condition: service_healthy}}
volumes: {data: {}}
`,
    'app/Dockerfile': 'FROM postgres:15\nCOPY migrate.sql /\nENTRYPOINT []\nCMD ["sleep", "infinity"]\n',
    'app/migrate.sql': `\\set ON_ERROR_STOP on\n${migration}\n`,
  };
}

const migrate = ['--migrate', 'app: psql -f /migrate.sql', '--backup', '[{service: db, kind: postgres}]'];
const broken = `ALTER TABLE guests ADD COLUMN age integer;
DELETE FROM guests WHERE name = 'ada';
SELECT 1 / 0;`;

describe('a migration that fails', () => {
  let project: Project;

  beforeAll(async () => {
    const first = "CREATE TABLE guests (name text); INSERT INTO guests VALUES ('ada'), ('grace');";
    project = await makeProject({ files: files('v1', first), name: 'migrated' });
    await project.deploy(migrate);
  });
  afterAll(async () => await project?.cleanUp());

  const sql = async (statement: string): Promise<string> => {
    const { id } = await project.container('db');
    return await docker('exec', id, 'psql', '-XqAt', '-U', 'postgres', '-h', '127.0.0.1', '-c', statement);
  };
  const guests = () => sql("SELECT string_agg(name, ',' ORDER BY name) FROM guests");
  const columns = () => sql("SELECT count(*) FROM information_schema.columns WHERE table_name = 'guests'");
  const kept = () => sql("SELECT count(*) FROM pg_database WHERE datname LIKE '%homeport%'");
  const running = async () => (await project.containers()).map(({ service, state }) => `${service} ${state}`);

  it('is taken back with `rollback-database`: rows and schema are as before, what it made is kept beside', async () => {
    const before = await project.whatRuns();
    await project.commit('v2', files('v2', broken));
    const outcome = await project.homeport(['deploy', ...migrate, '--rollback-database']);
    expectVerdict(outcome, {
      exitCode: 3,
      status: 'rolled_back',
      phase: 'migrate',
      details: {
        restored: [expect.stringMatching(/db-postgres-.*\.dump$/)],
        kept_databases: [expect.stringContaining('dropdb')],
      },
    });
    expect(await guests()).toBe('ada,grace');
    expect(await columns()).toBe('1');
    expect(await kept()).toBe('1');
    expect(await project.current()).toBe(before.current);
    expect(await running()).toEqual(['app running', 'db running']);
  });

  it('is taken back by recovery when the deployment is killed in the middle of it', async () => {
    await project.commit('v3', files('v3', `DELETE FROM guests; \\echo deleted\nSELECT pg_sleep(600);`));
    const killed = project.begin(['deploy', ...migrate, '--rollback-database']);
    await killed.said('migrate | deleted');
    killed.child.kill('SIGKILL');
    await killed.ended;
    expect(await guests()).toBe('');

    const recovered = await project.homeport(['recover', '--project', project.name]);
    expect(recovered.exitCode, recovered.output).toBe(0);
    expect(recovered.report).toMatchObject({ status: 'rolled_back', exit_code: 7, phase: 'migrate' });
    expect(await guests()).toBe('ada,grace');
    expect(await running()).toEqual(['app running', 'db running']);
    expect(
      await sql("SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()"),
    ).toBe('0');
  });

  it('that does not end in time is stopped on the server too, and nothing holds its locks', async () => {
    const before = await project.whatRuns();
    await project.commit('v4', files('v4', 'BEGIN; LOCK TABLE guests; \\echo locked\nSELECT pg_sleep(600);'));
    const outcome = await project.homeport(['deploy', ...migrate, '--timeout', '25s']);
    expectVerdict(outcome, { exitCode: 3, status: 'failed', phase: 'migrate', details: { schema_may_be_ahead: true } });
    expect(await sql("SET lock_timeout = '1s'; SELECT count(*) FROM guests")).toBe('2');
    const after = await project.whatRuns();
    expect(after.containers).toEqual(before.containers);
    expect(after.current).toBe(before.current);
  });
});
