import { describe, expect, it } from 'vitest';
import { backupKinds } from '../../src/request/backup-entry.ts';
import {
  backAndFrontEnd,
  django,
  djangoWithUv,
  goServices,
  jhipster,
  monorepo,
  nodeWithMongo,
  nodeWithPostgres,
  spring,
  subFolder,
} from './layouts.ts';
import { planned } from './support.ts';

describe('init makes of', () => {
  it('an image with PostgreSQL: its page, its port, its database, and jest by pnpm', async () => {
    const { written, settings, missing } = await planned(nodeWithPostgres);
    expect(written).toEqual({
      tests: { unit: 'pnpm install --frozen-lockfile\npnpm run test --coverage --coverageReporters=lcov' },
      'coverage-report': ['coverage/lcov.info'],
      smoke: [
        { http: 'stats:3000/api/heartbeat' },
        { http: 'http://localhost:3000/api/heartbeat' },
        { database: 'db' },
      ],
    });
    expect(settings).toContain('# coverage-minimum: 70');
    expect(settings).toContain('db (postgres, stats), by `backup: auto`');
    // Nothing is built here, so nobody knows whether the image has it.
    expect(missing).toContain('Prisma: no service is built from there');
    expect(missing).toContain('not used: docker-compose.development.yml, docker-compose.test.yml');
  });

  it('Express with MongoDB: a port to be checked, the own threshold, and what can not be backed up', async () => {
    const { written, missing } = await planned(nodeWithMongo);
    expect(written).toMatchObject({
      tests: { unit: 'yarn install --frozen-lockfile\nyarn run test --coverage --coverageReporters=lcov' },
      'coverage-minimum': 85,
      smoke: [{ tcp: 'localhost:3000' }],
    });
    expect(missing).toContain(`a backup of mongodb (mongo:4.2.1-bionic)`);
    expect(missing).toContain(backupKinds.join(', '));
    expect(missing).toContain('node-app mounts its own source (.)');
    expect(missing).toContain('a health check of node-app');
    expect(missing).toContain('docker-compose.prod.yml');
  });

  it('Django: its tests under coverage, its migrations, and the health check of the Dockerfile', async () => {
    const { written, request } = await planned(django);
    expect(written).toMatchObject({
      'coverage-report': ['coverage.xml'],
      migrate: { app: 'python manage.py migrate --noinput' },
      smoke: expect.arrayContaining([
        { http: 'app:8000/healthz/' },
        { http: 'http://localhost:8000/healthz/' },
        { database: 'db' },
      ]),
    });
    const [suite] = request.tests;
    expect(suite?.command).toContain('install --quiet -r requirements.txt -r requirements/development.txt\n');
    expect(suite?.command).toContain('-m coverage run manage.py test\n');
  });

  it('Django by uv: its group, its threshold, and a migration that runs at each start', async () => {
    const { written, missing } = await planned(djangoWithUv);
    expect(written).toMatchObject({
      tests: {
        unit: 'uv run --group tests python -m coverage run manage.py test\nuv run --group tests python -m coverage xml',
      },
      'coverage-minimum': 81,
      migrate: { web: 'python manage.py migrate --noinput' },
    });
    expect(missing).toContain('web runs migrations itself when it starts');
  });

  it('a back end and a front end: both suites, the override, the service that is no helper', async () => {
    const { written, workflow } = await planned(backAndFrontEnd);
    expect(written).toEqual({
      tests: {
        frontend: 'cd frontend\nnpm ci\nnpm run test -- --run --coverage --coverage.reporter=lcov',
        backend: 'cd backend\nuv run python -m coverage run -m pytest\nuv run python -m coverage xml',
      },
      'coverage-report': ['frontend/coverage/lcov.info', 'backend/coverage.xml'],
      migrate: { backend: 'alembic upgrade head' },
      smoke: [
        { http: 'backend:8000/api/v1/utils/health-check/' },
        { http: 'http://localhost:8888/api/v1/utils/health-check/' },
        { tcp: 'localhost:80' },
        { database: 'db' },
      ],
    });
    // The committed .env gives the others.
    expect(workflow.match(/^ +\w+='\$\{\{ secrets\.\w+ \}\}'$/gm)?.map((line) => line.trim())).toEqual([
      "POSTGRES_PASSWORD='${{ secrets.POSTGRES_PASSWORD }}'",
      "SECRET_KEY='${{ secrets.SECRET_KEY }}'",
    ]);
  });

  it('Go services: the module with tests, the missing env file, the server that is not PostgreSQL', async () => {
    const { written, workflow, missing, settings } = await planned(goServices);
    expect(written.tests).toEqual({ unit: 'cd internal/trainer\ngo test -coverprofile=cover.out ./...' });
    expect(written['coverage-report']).toEqual(['internal/trainer/cover.out']);
    expect(written.smoke).toContainEqual({ tcp: 'localhost:8080' });
    expect(workflow).toContain("PORT='${{ secrets.PORT }}'");
    expect(missing).toContain('the file .env, which `env_file`');
    expect(settings).toMatch(/backup of mysql|database: mysql \(/);
  });

  it('a sub-folder: the file for production, and nothing where there are no tests', async () => {
    const { written, workflow, missing } = await planned(subFolder);
    expect(written).toEqual({
      'compose-file': ['docker/production/compose.yml'],
      smoke: [{ tcp: 'localhost:${PORT:-3000}' }, { database: 'database' }],
    });
    expect(workflow).toMatch(/POSTGRES_PASSWORD=.*\n +POSTGRES_USER=/);
    expect(missing).toContain('tests: no tool that is known');
    expect(missing).toContain('Prisma in packages/prisma: no service is built from there');
  });

  it("Spring: JaCoCo by the wrapper, the actuator's page, and migrations that the application runs", async () => {
    const { written, missing } = await planned(spring);
    expect(written).toMatchObject({
      tests: { unit: 'sh ./mvnw --batch-mode verify' },
      'coverage-report': ['target/site/jacoco/jacoco.xml'],
      smoke: expect.arrayContaining([
        { http: 'app:8080/actuator/health' },
        { http: 'http://localhost:8080/actuator/health' },
        { database: 'postgres' },
      ]),
    });
    expect(written).not.toHaveProperty('migrate');
    expect(missing).toContain('Flyway: either the application runs them');
  });

  it('JHipster: the named file with what it extends, and Gradle', async () => {
    const composeFiles = ['src/main/docker/app.yml'];
    const { written, missing } = await planned(jhipster, { composeFiles, project: 'sample' });
    expect(written).toEqual({
      project: 'sample',
      'compose-file': composeFiles,
      tests: { unit: 'sh ./gradlew test jacocoTestReport' },
      'coverage-report': ['build/reports/jacoco/test/jacocoTestReport.xml'],
      smoke: [{ tcp: 'localhost:8080' }, { database: 'postgresql' }],
    });
    expect(missing).toContain('Liquibase');
  });

  it('one of several projects: its own folder, all its databases, nothing of a profile', async () => {
    const { written, workflow, request } = await planned(monorepo, { folder: 'apps/shop' });
    expect(written).toEqual({
      backup: [
        { service: 'cache', kind: 'postgres' },
        { service: 'web', kind: 'sqlite', path: '/data/shop.db' },
      ],
      tests: { unit: 'npm install --no-package-lock\nnpm run test\nnpx c8 report --reporter=lcov' },
      'coverage-report': ['coverage/lcov.info'],
      migrate: { web: 'npx knex migrate:latest' },
      smoke: [{ tcp: 'localhost:${SHOP_PORT:-3000}' }, { database: 'cache' }],
    });
    expect(request.smoke).toMatchObject([{ tcp: 'localhost:3000' }, { database: 'cache' }]);
    expect(workflow).toContain('working-directory: apps/shop');
    expect(workflow).toContain('group: homeport-apps-shop');
    expect(workflow).toContain('- trunk');
  });
});
