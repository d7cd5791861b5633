/*
 * Repositories as people have them: which files lie where, and the lines of them that matter. The layouts follow public
 * ones; the texts are our own.
 */

export type Layout = Readonly<Record<string, string>>;

const manifest = (facts: object): string => `${JSON.stringify(facts, null, 2)}\n`;

/** umami: an image and PostgreSQL, asked by curl; files for tests and for development beside it. */
export const nodeWithPostgres: Layout = {
  'docker-compose.yml': `version: '3'
services:
  stats:
    image: ghcr.io/example/stats:postgresql-latest
    ports: ["3000:3000"]
    environment:
      DATABASE_URL: postgresql://stats:stats@db:5432/stats
    depends_on: {db: {condition: service_healthy}}
    healthcheck:
      test: ["CMD-SHELL", "curl http://localhost:3000/api/heartbeat"]
  db:
    image: postgres:15-alpine
    environment: {POSTGRES_DB: stats, POSTGRES_USER: stats, POSTGRES_PASSWORD: stats}
    volumes: ["stats-data:/var/lib/postgresql/data"]
    healthcheck:
      test: ["CMD-SHELL", "pg_isready -U $\${POSTGRES_USER} -d $\${POSTGRES_DB}"]
volumes: {stats-data: {}}
`,
  'docker-compose.test.yml': 'services: {stats: {build: .}}\n',
  'docker-compose.development.yml': 'services: {stats: {build: .}}\n',
  Dockerfile: 'FROM node:24-slim\nEXPOSE 3000\n',
  'package.json': manifest({
    scripts: { test: 'jest' },
    dependencies: { '@prisma/client': '6' },
    devDependencies: { jest: '29', prisma: '6' },
  }),
  'pnpm-lock.yaml': 'lockfileVersion: 9\n',
  'prisma/schema.prisma': 'datasource db {}\n',
  'prisma/migrations/01_init/migration.sql': 'CREATE TABLE a ();\n',
};

/** node-express-boilerplate: MongoDB, the source mounted, one more file for production. */
export const nodeWithMongo: Layout = {
  'docker-compose.yml': `services:
  node-app:
    build: .
    image: node-app
    environment: ["MONGODB_URL=mongodb://mongodb:27017/app"]
    ports: ['3000:3000']
    depends_on: [mongodb]
    volumes: [".:/usr/src/node-app"]
  mongodb:
    image: mongo:4.2.1-bionic
    ports: ['27017:27017']
    volumes: ["dbdata:/data/db"]
volumes: {dbdata: }
`,
  'docker-compose.prod.yml': 'services: {node-app: {command: yarn start}}\n',
  Dockerfile: 'FROM node:24-slim\n',
  'package.json': manifest({
    scripts: { test: 'jest -i', coverage: 'jest -i --coverage' },
    devDependencies: { jest: '25' },
    jest: { coverageThreshold: { global: { lines: 85 } } },
  }),
  'yarn.lock': '',
};

/** bakerydemo: Django with PostgreSQL and Redis, requirements in a folder. */
export const django: Layout = {
  'docker-compose.yml': `version: '2'
services:
  db:
    image: postgres:18.1
    environment: {POSTGRES_DB: app_db, POSTGRES_USER: app_user, POSTGRES_PASSWORD: changeme}
    expose: ['5432']
  redis:
    image: redis:8.4
    expose: ['6379']
  app:
    build: {context: ., dockerfile: ./Dockerfile}
    environment: {DATABASE_URL: "postgres://app_user:changeme@db/app_db", REDIS_URL: "redis://redis"}
    volumes: ["./bakery:/code/bakery"]
    ports: ['8000:8000']
    depends_on: [db, redis]
`,
  Dockerfile:
    'FROM python:3.11-slim\nHEALTHCHECK --interval=5s \\\n  CMD curl -f http://127.0.0.1:8000/healthz/ || exit 1\n',
  'manage.py': '#!/usr/bin/env python\n',
  'requirements.txt': '-r requirements/production.txt\n',
  'requirements/base.txt': 'django==6.0\n',
  'requirements/development.txt': 'django-debug-toolbar\ncoverage\n',
  'bakery/base/tests/test_pages.py': 'from django.test import TestCase\n',
};

/** djangoproject.com: dependency groups of uv. */
export const djangoWithUv: Layout = {
  'docker-compose.yml': `services:
    web:
        build: {context: ./, args: ["REQ_FILE=requirements/tests.txt"]}
        command: sh -c "python manage.py migrate && python manage.py runserver 0.0.0.0:8000"
        ports: [8000:8000]
        environment: ["SQL_HOST=db", "SQL_PASSWORD=secret"]
        depends_on: [db]
    db:
        image: postgres:14-alpine
        environment: ["POSTGRES_USER=site", "POSTGRES_PASSWORD=secret", "POSTGRES_DB=site"]
`,
  'pyproject.toml': `[project]
name = "site"
dependencies = ["django==6.1"]
[dependency-groups]
dev = ["black"]
tests = [
    "coverage==7.15.2",
    { include-group = "dev" },
]
[tool.coverage.report]
fail_under = 81
[tool.uv]
package = false
`,
  'manage.py': '',
  'blog/tests.py': '',
};

/** full-stack-fastapi-template: a back end and a front end, every variable asked for. */
export const backAndFrontEnd: Layout = {
  'docker-compose.yml': `services:
  db:
    image: postgres:12
    env_file: [.env]
    environment: ["PGDATA=/var/lib/postgresql/data/pgdata", "POSTGRES_PASSWORD=\${POSTGRES_PASSWORD?Variable not set}"]
  adminer:
    image: adminer
    labels: ["traefik.http.routers.\${STACK_NAME?Variable not set}-adminer.rule=Host(\`adminer.\${DOMAIN?Variable not set}\`)"]
  backend:
    image: '\${DOCKER_IMAGE_BACKEND?Variable not set}:\${TAG-latest}'
    build: {context: ./backend, args: {INSTALL_DEV: "\${INSTALL_DEV-false}"}}
    environment: ["DOMAIN=\${DOMAIN}", "SECRET_KEY=\${SECRET_KEY?Variable not set}", "POSTGRES_SERVER=db"]
    healthcheck: {test: ["CMD", "curl", "-f", "http://localhost:8000/api/v1/utils/health-check/"]}
  celeryworker:
    build: ./backend
    command: celery worker
  frontend:
    build: {context: ./frontend}
    # environment: ["COMMENTED=\${OUT_OF_USE}"]
`,
  'docker-compose.override.yml': 'services: {backend: {ports: ["8888:8000"]}, frontend: {ports: ["80:80"]}}\n',
  '.env': 'DOMAIN=localhost\nSTACK_NAME=app\nDOCKER_IMAGE_BACKEND=backend\n',
  'backend/Dockerfile': 'FROM python:3.11-slim\n',
  'backend/pyproject.toml': '[project]\nname = "app"\n[tool.uv]\ndev-dependencies = ["pytest<8", "coverage>=7"]\n',
  'backend/alembic.ini': '[alembic]\n',
  'backend/app/alembic/versions/1_init.py': '',
  'backend/tests/conftest.py': '',
  'frontend/Dockerfile': 'FROM node:24-slim\n',
  'frontend/package.json': manifest({
    scripts: { test: 'vitest' },
    devDependencies: { vitest: '3', '@vitest/coverage-v8': '3' },
  }),
  'frontend/package-lock.json': '{}\n',
};

/** wild-workouts: several Go modules, none where the images are built from, everything from an env file. */
export const goServices: Layout = {
  'docker-compose.yml': `version: '3'
services:
  web:
    build: {context: docker/web, dockerfile: Dockerfile}
    ports: ["127.0.0.1:8080:8080"]
  trainer-http:
    build: {context: docker/app}
    volumes: ["./internal:/internal"]
    ports: ["127.0.0.1:3000:$PORT"]
    env_file: [.env]
  mysql:
    image: mysql:8
    env_file: [.env]
    ports: ["127.0.0.1:3306:3306"]
`,
  Makefile: 'test:\n\t./scripts/test.sh\n',
  'docker/web/Dockerfile': 'FROM node:24-slim\n',
  'docker/app/Dockerfile': 'FROM golang\n',
  'internal/trainer/go.mod': 'module trainer\n',
  'internal/trainer/domain/hour_test.go': 'package domain\n',
  'internal/users/go.mod': 'module users\n',
  'internal/users/http.go': 'package main\n',
  'tools/c4/go.mod': 'module c4\n',
  'tools/c4/main_test.go': 'package main\n',
};

/** documenso: files for development, tests and production in a folder; a workspace without tests of its own. */
export const subFolder: Layout = {
  'docker/production/compose.yml': `name: sign-production
services:
  database:
    image: postgres:15
    environment: ["POSTGRES_USER=\${POSTGRES_USER:?err}", "POSTGRES_PASSWORD=\${POSTGRES_PASSWORD:?err}"]
  sign:
    image: example/sign:latest
    environment:
      - PORT=\${PORT:-3000}
      - DIRECT_URL=\${DIRECT_URL:-\${DATABASE_URL}}
    ports: ["\${PORT:-3000}:\${PORT:-3000}"]
`,
  'docker/development/compose.yml': 'services: {database: {image: "postgres:15"}}\n',
  'docker/testing/compose.yml': 'services: {database: {image: "postgres:15"}}\n',
  'docker/Dockerfile': 'FROM node:24-slim\n',
  'package.json': manifest({ scripts: { build: 'turbo run build' }, workspaces: ['apps/*', 'packages/*'] }),
  'package-lock.json': '{}\n',
  'packages/prisma/package.json': manifest({ name: 'prisma' }),
  'packages/prisma/prisma/schema.prisma': '',
  'packages/prisma/prisma/migrations/1/migration.sql': '',
};

/** spring-petclinic: only the databases are in the compose file. */
export const spring: Layout = {
  'docker-compose.yml': `services:
  mysql:
    image: mysql:9.6
    ports: ["3306:3306"]
    environment: ["MYSQL_ROOT_PASSWORD=", "MYSQL_DATABASE=clinic"]
  postgres:
    image: postgres:18.3
    ports: ["5432:5432"]
    environment: ["POSTGRES_PASSWORD=clinic", "POSTGRES_USER=clinic", "POSTGRES_DB=clinic"]
  app:
    build: .
    ports: ["8080:8080"]
`,
  Dockerfile: 'FROM eclipse-temurin\nEXPOSE 8080\n',
  'pom.xml':
    '<project><dependency>spring-boot-starter-actuator</dependency><plugin>jacoco-maven-plugin</plugin></project>\n',
  mvnw: '#!/bin/sh\n',
  'src/main/resources/db/migration/V1__init.sql': 'CREATE TABLE a ();\n',
};

/** jhipster: the compose file is somewhere below src, and takes its database from another file. */
export const jhipster: Layout = {
  'src/main/docker/app.yml': `name: sample
services:
  app:
    image: sample
    ports: ["127.0.0.1:8080:8080"]
  postgresql:
    extends: {file: ./postgresql.yml, service: postgresql}
`,
  'src/main/docker/postgresql.yml': `services:
  postgresql:
    image: postgres:17
    environment: ["POSTGRES_USER=sample", "POSTGRES_HOST_AUTH_METHOD=trust"]
`,
  'build.gradle': "plugins { id 'jacoco' }\njacocoTestReport { reports { xml.required = true } }\n",
  gradlew: '#!/bin/sh\n',
  'src/main/resources/config/liquibase/master.xml': '<databaseChangeLog/>\n',
};

/** Two projects in one repository. */
export const monorepo: Layout = {
  'apps/shop/compose.yaml': `services:
  web: {build: ., ports: [{target: 3000, published: "\${SHOP_PORT:-3000}"}], environment: {DB: "sqlite:////data/shop.db"}}
  cache: {image: "postgres:15", environment: {POSTGRES_PASSWORD: x}}
  mail: {image: mailhog, profiles: [debug], ports: ["1025:1025"]}
`,
  'apps/shop/Dockerfile': 'FROM node:24-slim\n',
  'apps/shop/package.json': manifest({ scripts: { test: 'c8 node --test' }, devDependencies: { c8: '10' } }),
  'apps/shop/knexfile.js': '',
  'apps/blog/compose.yaml': 'services: {web: {build: .}}\n',
  'apps/blog/package.json': manifest({ scripts: { test: 'echo "Error: no test specified" && exit 1' } }),
};
