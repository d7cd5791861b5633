import { describe, expect, it } from 'vitest';
import { lookAt } from '../../src/init/repository.ts';
import { planTests, type TestPlan } from '../../src/init/suites.ts';
import { checkout } from '../cli/support.ts';
import type { Layout } from './layouts.ts';

async function plan(files: Layout): Promise<TestPlan> {
  return planTests(await lookAt((await checkout(files)).folder));
}

const npm = (scripts: Record<string, string>, devDependencies: Record<string, string> = {}) =>
  JSON.stringify({ scripts, devDependencies });

describe('the tests of a repository', () => {
  it.each<[string, Layout, string, string[]]>([
    ['vitest', { 'package.json': npm({ test: 'vitest' }) }, 'npm run test -- --run', []],
    [
      'nyc around them',
      { 'package.json': npm({ test: 'mocha' }, { nyc: '17' }), 'package-lock.json': '' },
      'npx nyc --reporter=lcov npm run test',
      ['coverage/lcov.info'],
    ],
    ['a script', { 'package.json': npm({ test: 'node --test' }), 'bun.lock': '' }, 'bun run test', []],
    ['jest before something else', { 'package.json': npm({ test: 'jest && tsc' }) }, 'npm run test', []],
    [
      'pytest by Poetry',
      { 'pyproject.toml': '[tool.poetry]\n[x]\npytest-cov = "5"\npytest = "8"' },
      'poetry run python -m pytest --cov --cov-report=xml',
      ['coverage.xml'],
    ],
    [
      'pytest by its settings',
      { 'requirements.txt': 'flask', 'tests/conftest.py': '' },
      '"$venv/bin/python" -m pytest',
      [],
    ],
    ['Go', { 'go.mod': '', 'a/b_test.go': '' }, 'go test -coverprofile=cover.out ./...', ['cover.out']],
    [
      'Maven',
      { 'pom.xml': '<modules/><modules>jacoco-maven-plugin' },
      'mvn --batch-mode verify',
      ['**/target/site/jacoco/jacoco.xml'],
    ],
    ['Cargo', { 'Cargo.toml': '' }, 'cargo test', []],
    ['PHPUnit', { 'composer.json': '{"require-dev": {"phpunit/phpunit": "^11"}}' }, 'vendor/bin/phpunit', []],
    ['RSpec', { Gemfile: 'gem "rspec-rails"' }, 'bundle exec rspec', []],
    ['make', { Makefile: 'test: build\n\ttrue\n' }, 'make test', []],
  ])('are those of %s', async (_, files, last, reports) => {
    const { tests, reports: found } = await plan(files);
    expect(tests.unit?.split('\n').at(-1)).toBe(last);
    expect(found).toEqual(reports);
  });

  it.each<[string, Layout]>([
    ['npm has no test specified', { 'package.json': npm({ test: 'echo "Error: no test specified" && exit 1' }) }],
    ['a manifest is broken', { 'package.json': '{"scripts":' }],
    ['a manifest is no manifest', { 'package.json': '[]' }],
    ['there is a Go module alone', { 'go.mod': '' }],
    ['there is Python without tests', { 'requirements.txt': 'flask' }],
    ['they are those of an example', { 'examples/a/package.json': npm({ test: 'vitest' }) }],
    ['they are those of a package', { 'node_modules/a/package.json': npm({ test: 'vitest' }) }],
  ])('are none where %s', async (_, files) => {
    const { tests, missing } = await plan(files);
    expect(tests).toEqual({});
    expect(missing).toEqual(['tests: no tool that is known (`tests:` takes any command)']);
  });

  it('of a folder cover the folders below it, for their own language', async () => {
    const { tests } = await plan({
      'package.json': npm({ test: 'vitest' }),
      'packages/a/package.json': npm({ test: 'vitest' }),
      'api server/go.mod': '',
      'api server/a_test.go': '',
    });
    expect(Object.keys(tests)).toEqual(['vitest', 'api server']);
    expect(tests['api server']).toBe("cd 'api server'\ngo test -coverprofile=cover.out ./...");
  });
});
