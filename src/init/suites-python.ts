import { posix } from 'node:path';
import { below, type Repository } from './repository.ts';
import { inFolder, percentIn, type SuiteFinder } from './suite.ts';

const settings = ['pyproject.toml', 'setup.cfg', 'tox.ini', 'pytest.ini', 'Pipfile', '.coveragerc', 'setup.py'];

export const pythonSuites: SuiteFinder = {
  manifests: ['pyproject.toml', 'setup.py', 'setup.cfg', 'requirements.txt', 'Pipfile', 'pytest.ini', 'manage.py'],
  find: (repository, folder) => {
    const requirements = requirementFiles(repository, folder);
    const text = [...settings.map((name) => inFolder(folder, name)), ...requirements]
      .map((path) => repository.read(path) ?? '')
      .join('\n');
    const django = repository.has(inFolder(folder, 'manage.py'));
    const pytest =
      /\bpytest\b/.test(text) ||
      ['pytest.ini', 'conftest.py', 'tests/conftest.py'].some((name) => repository.has(inFolder(folder, name)));
    if (!(pytest || (django && hasTests(repository, folder)))) return null;

    const tool = pytest ? 'pytest' : "Django's tests";
    const python = environmentOf(repository, folder, text, requirements);
    const made = {
      tool,
      minimum: percentIn(text, /fail[_-]under\s*=\s*(\d+(?:\.\d+)?)/),
      report: 'coverage.xml',
      advice: null,
    };
    if (pytest && /\bpytest[-_]cov\b/.test(text)) {
      return { ...made, command: python.command('-m pytest --cov --cov-report=xml') };
    }
    const run = pytest ? '-m pytest' : 'manage.py test';
    if (/(?:^|["'\s[,])coverage\s*(?:[=<>~!;"'[\]]|$)/m.test(text)) {
      return { ...made, command: python.command(`-m coverage run ${run}`, '-m coverage xml') };
    }
    const advice = pytest
      ? 'coverage: `pytest-cov` writes a report'
      : 'coverage: the package `coverage` writes a report';
    return { tool, minimum: null, report: null, advice, command: python.command(pytest ? '-m pytest' : run) };
  },
};

function hasTests(repository: Repository, folder: string): boolean {
  return repository.files.some(
    (path) => below(path, folder) !== null && /(^|\/)(tests?(_\w+)?\.py|tests?\/.*\.py|\w+_tests?\.py)$/.test(path),
  );
}

/** Every one that names what the tests need, the general ones first. */
function requirementFiles(repository: Repository, folder: string): string[] {
  const one = (names: readonly string[]) =>
    names.map((name) => inFolder(folder, name)).find((path) => repository.has(path));
  return [
    one(['requirements.txt', 'requirements/base.txt']),
    one([
      'requirements-test.txt',
      'requirements-tests.txt',
      'test-requirements.txt',
      'requirements/test.txt',
      'requirements/tests.txt',
    ]),
    one([
      'requirements-dev.txt',
      'requirements_dev.txt',
      'dev-requirements.txt',
      'requirements/dev.txt',
      'requirements/development.txt',
      'requirements/local.txt',
    ]),
  ].filter((path) => path !== undefined);
}

interface Environment {
  command(...runs: readonly string[]): string;
}

function environmentOf(
  repository: Repository,
  folder: string,
  text: string,
  requirements: readonly string[],
): Environment {
  const has = (name: string) => repository.has(inFolder(folder, name));
  const by = (install: string | null, python: string): Environment => ({
    command: (...runs) => [...(install === null ? [] : [install]), ...runs.map((run) => `${python} ${run}`)].join('\n'),
  });
  const group = keyIn(text, 'dependency-groups');
  if (has('uv.lock') || /^\[tool\.uv\b/m.test(text)) {
    return by(null, group === undefined || group === 'dev' ? 'uv run python' : `uv run --group ${group} python`);
  }
  if (has('poetry.lock') || /^\[tool\.poetry\]/m.test(text))
    return by('poetry install --no-interaction', 'poetry run python');
  if (has('pdm.lock')) return by('pdm install', 'pdm run python');
  if (has('Pipfile')) return by('pipenv sync --dev', 'pipenv run python');
  const extra = keyIn(text, 'project.optional-dependencies');
  const what = [
    ...requirements.map((path) => `-r ${posix.relative(folder, path)}`),
    // A pyproject.toml may also be no more than settings of tools.
    ...(/^\[project\]/m.test(text) ? [extra === undefined ? '.' : `'.[${extra}]'`] : []),
    ...(group === undefined ? [] : [`--group ${group}`]),
  ];
  const install = [
    // Not in the checkout, which is being built from at the same time.
    'venv="$(mktemp -d)"',
    `trap 'rm -rf "$venv"' EXIT`,
    'python3 -m venv "$venv"',
    ...(what.length === 0 ? [] : [`"$venv/bin/pip" install --quiet ${what.join(' ')}`]),
  ];
  return by(install.join('\n'), '"$venv/bin/python"');
}

/** What that table of pyproject.toml calls the packages for tests. */
function keyIn(text: string, table: string): string | undefined {
  const [, rest = ''] = text.split(`[${table}]`);
  const keys = new Set([...(rest.split(/^\[/m)[0] ?? '').matchAll(/^([\w-]+)\s*=/gm)].map(([, name]) => name));
  return ['tests', 'test', 'dev'].find((name) => keys.has(name));
}
