import { below } from './repository.ts';
import { type FoundSuite, inFolder, type SuiteFinder } from './suite.ts';

function suite(tool: string, command: string, report: string | null, advice: string | null): FoundSuite {
  return { tool, command, report, minimum: null, advice };
}

export const goSuites: SuiteFinder = {
  manifests: ['go.mod'],
  find: (repository, folder) => {
    const tested = repository.files.some((path) => path.endsWith('_test.go') && below(path, folder) !== null);
    return tested ? suite('go test', 'go test -coverprofile=cover.out ./...', 'cover.out', null) : null;
  },
};

export const mavenSuites: SuiteFinder = {
  manifests: ['pom.xml'],
  find: (repository, folder) => {
    const pom = repository.read(inFolder(folder, 'pom.xml')) ?? '';
    const maven = repository.has(inFolder(folder, 'mvnw')) ? 'sh ./mvnw' : 'mvn';
    if (!pom.includes('jacoco-maven-plugin')) {
      const advice = "coverage: JaCoCo's Maven plugin with its goal `report` writes a report";
      return suite('Maven', `${maven} --batch-mode verify`, null, advice);
    }
    // In a build of several modules each has its own.
    const report = /<modules>/.test(pom) ? '**/target/site/jacoco/jacoco.xml' : 'target/site/jacoco/jacoco.xml';
    return suite('Maven with JaCoCo', `${maven} --batch-mode verify`, report, null);
  },
};

export const gradleSuites: SuiteFinder = {
  manifests: ['build.gradle', 'build.gradle.kts'],
  find: (repository, folder) => {
    const build = ['build.gradle', 'build.gradle.kts']
      .map((name) => repository.read(inFolder(folder, name)) ?? '')
      .join('\n');
    const gradle = repository.has(inFolder(folder, 'gradlew')) ? 'sh ./gradlew' : 'gradle';
    if (!/jacoco/.test(build)) {
      return suite(
        'Gradle',
        `${gradle} test`,
        null,
        'coverage: the plugin `jacoco` with `xml.required` writes a report',
      );
    }
    const command = `${gradle} test jacocoTestReport`;
    const known = /xml\.(required|enabled)/.test(build);
    return known
      ? suite('Gradle with JaCoCo', command, 'build/reports/jacoco/test/jacocoTestReport.xml', null)
      : suite('Gradle with JaCoCo', command, null, 'coverage: JaCoCo writes XML only with `xml.required = true`');
  },
};

export const rustSuites: SuiteFinder = {
  manifests: ['Cargo.toml'],
  find: () =>
    suite(
      'cargo test',
      'cargo test',
      null,
      'coverage: `cargo llvm-cov --lcov --output-path lcov.info` writes a report',
    ),
};

export const phpSuites: SuiteFinder = {
  manifests: ['composer.json'],
  find: (repository, folder) => {
    const uses = (name: string) => (repository.read(inFolder(folder, 'composer.json')) ?? '').includes(`"${name}"`);
    if (!uses('phpunit/phpunit')) return null;
    const advice = 'coverage: `--coverage-clover clover.xml` writes a report where PHP has Xdebug or PCOV';
    return suite('PHPUnit', 'composer install --no-interaction\nvendor/bin/phpunit', null, advice);
  },
};

export const rubySuites: SuiteFinder = {
  manifests: ['Gemfile'],
  find: (repository, folder) => {
    const gems = repository.read(inFolder(folder, 'Gemfile')) ?? '';
    const command = /\brspec/.test(gems)
      ? 'bundle exec rspec'
      : repository.has(inFolder(folder, 'bin/rails'))
        ? 'bin/rails test'
        : null;
    if (command === null) return null;
    const advice = 'coverage: `simplecov` with `simplecov-lcov` or `simplecov-cobertura` writes a report';
    return suite(command.replace('bundle exec ', ''), `bundle install\n${command}`, null, advice);
  },
};

/** Only where nobody else knew better. */
export const makeSuites: SuiteFinder = {
  manifests: ['Makefile', 'makefile'],
  find: (repository, folder) => {
    const rules = ['Makefile', 'makefile'].map((name) => repository.read(inFolder(folder, name)) ?? '').join('\n');
    return /^test\s*:(?!=)/m.test(rules) ? suite('make', 'make test', null, null) : null;
  },
};
