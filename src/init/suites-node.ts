import { z } from 'zod';
import { tryParseJson } from '../request/parse-json.ts';
import { folderOf, type Repository } from './repository.ts';
import { type FoundSuite, inFolder, percentIn, type SuiteFinder } from './suite.ts';

const words = z.record(z.string(), z.string()).catch({});
const manifestSchema = z
  .looseObject({ scripts: words, dependencies: words, devDependencies: words })
  .catch({ scripts: {}, dependencies: {}, devDependencies: {} });

interface Manager {
  readonly install: string;
  /** Runs a command of a package. */
  readonly exec: string;
  /** Runs a script, with more words for it. */
  readonly run: (script: string, more: string) => string;
}

const managers: readonly { readonly lock: string; readonly manager: Manager }[] = [
  { lock: 'pnpm-lock.yaml', manager: manager('pnpm install --frozen-lockfile', 'pnpm exec', 'pnpm run', '') },
  { lock: 'yarn.lock', manager: manager('yarn install --frozen-lockfile', 'yarn', 'yarn run', '') },
  { lock: 'bun.lock', manager: manager('bun install --frozen-lockfile', 'bunx', 'bun run', '') },
  { lock: 'bun.lockb', manager: manager('bun install --frozen-lockfile', 'bunx', 'bun run', '') },
  { lock: 'package-lock.json', manager: manager('npm ci', 'npx', 'npm run', '-- ') },
  { lock: 'npm-shrinkwrap.json', manager: manager('npm ci', 'npx', 'npm run', '-- ') },
];
const withoutLock = manager('npm install --no-package-lock', 'npx', 'npm run', '-- ');

function manager(install: string, exec: string, run: string, separator: string): Manager {
  return { install, exec, run: (script, more) => `${run} ${script}${more === '' ? '' : ` ${separator}${more}`}` };
}

export const nodeSuites: SuiteFinder = {
  manifests: ['package.json'],
  find: (repository, folder) => {
    const text = repository.read(inFolder(folder, 'package.json')) ?? '';
    const { scripts, dependencies, devDependencies } = manifestSchema.parse(tryParseJson(text));
    const name = ['test', 'test:ci', 'test:unit'].find((one) => !/^\s*$|no test specified/.test(scripts[one] ?? ''));
    if (name === undefined) return null;
    const packages = new Set([...Object.keys(dependencies), ...Object.keys(devDependencies)]);
    const tools = managerOf(repository, folder);
    const found = suiteOf({ name, script: scripts[name] ?? '', packages, tools });
    const minimum = percentIn(text, /"(?:lines|check-coverage-lines)":\s*"?(\d+(?:\.\d+)?)/);
    return { ...found, command: `${tools.install}\n${found.command}`, minimum: found.report === null ? null : minimum };
  },
};

function suiteOf(facts: {
  name: string;
  script: string;
  packages: ReadonlySet<string>;
  tools: Manager;
}): Omit<FoundSuite, 'minimum'> {
  const { name, script, packages, tools } = facts;
  const report = 'coverage/lcov.info';
  // Words that are added to a script reach its last command.
  const last = script.split(/&&|\|\||[;|]/).at(-1) ?? '';
  if (/\bvitest\b/.test(script)) {
    const covered = ['@vitest/coverage-v8', '@vitest/coverage-istanbul'].some((one) => packages.has(one));
    if (!/\bvitest\b/.test(last)) return { tool: 'vitest', command: tools.run(name, ''), report: null, advice: null };
    if (covered) {
      const command = tools.run(name, '--run --coverage --coverage.reporter=lcov');
      return { tool: 'vitest', command, report, advice: null };
    }
    const advice = 'coverage: vitest has no provider here, `@vitest/coverage-v8` is one';
    return { tool: 'vitest', command: tools.run(name, '--run'), report: null, advice };
  }
  if (/\bjest\b/.test(last)) {
    return { tool: 'jest', command: tools.run(name, '--coverage --coverageReporters=lcov'), report, advice: null };
  }
  const wrapper = ['c8', 'nyc'].find((one) => new RegExp(`\\b${one}\\b`).test(script) || packages.has(one));
  if (wrapper === undefined) {
    const advice = 'coverage: the tests write no report (`npx c8 --reporter=lcov npm test` would)';
    return { tool: `the script ${name}`, command: tools.run(name, ''), report: null, advice };
  }
  const command = new RegExp(`\\b${wrapper}\\b`).test(script)
    ? `${tools.run(name, '')}\n${tools.exec} ${wrapper} report --reporter=lcov`
    : `${tools.exec} ${wrapper} --reporter=lcov ${tools.run(name, '')}`;
  return { tool: wrapper, command, report, advice: null };
}

/** By the lock file, of the folder or of the workspace around it. */
function managerOf(repository: Repository, folder: string): Manager {
  for (let place = folder; ; place = folderOf(place)) {
    const found = managers.find(({ lock }) => repository.has(inFolder(place, lock)));
    if (found !== undefined) return found.manager;
    if (place === '') return withoutLock;
  }
}
