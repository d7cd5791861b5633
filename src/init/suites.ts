import { posix } from 'node:path';
import { below, folderOf, type Repository } from './repository.ts';
import { type FoundSuite, inFolder, type SuiteFinder } from './suite.ts';
import { nodeSuites } from './suites-node.ts';
import { goSuites, gradleSuites, makeSuites, mavenSuites, phpSuites, rubySuites, rustSuites } from './suites-others.ts';
import { pythonSuites } from './suites-python.ts';

export interface TestPlan {
  /** For the setting `tests`. */
  readonly tests: Readonly<Record<string, string>>;
  /** For the setting `coverage-report`. */
  readonly reports: readonly string[];
  /** The lowest threshold that the repository itself sets. */
  readonly minimum: number | null;
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

const finders: readonly SuiteFinder[] = [
  nodeSuites,
  pythonSuites,
  goSuites,
  mavenSuites,
  gradleSuites,
  rustSuites,
  phpSuites,
  rubySuites,
];

/** Folders whose tests are not those of what is deployed. */
const aside = /(^|\/)(examples?|docs?|samples?|tests?|e2e|cypress|scripts|tools|\.[^/]+)(\/|$)/;
const deepest = 3;
const most = 8;

interface PlacedSuite extends FoundSuite {
  /** Relative to the working directory, `''` for itself. */
  readonly place: string;
}

/** The tests of the repository's folders, at most one suite a folder and ecosystem; those of a folder cover what is below. */
export function planTests(repository: Repository): TestPlan {
  const certain = finders.flatMap((finder) => suitesOf(repository, finder));
  const all = certain.length > 0 ? certain : suitesOf(repository, makeSuites);
  const suites = all.slice(0, most);
  const names = namesOf(suites);
  const report = ({ place, report }: PlacedSuite) => (report === null ? [] : [inFolder(place, report)]);
  const minima = suites.flatMap(({ minimum }) => minimum ?? []);
  return {
    tests: Object.fromEntries(suites.map((suite, index) => [names[index], commandOf(suite)])),
    reports: suites.flatMap(report),
    minimum: minima.length === 0 ? null : Math.min(...minima),
    found: suites.map(({ place, tool, report }) => {
      return `tests: ${tool}${place === '' ? '' : ` in ${place}`}${report === null ? '' : `, coverage in ${report}`}`;
    }),
    missing: [
      ...(suites.length === 0 ? ['tests: no tool that is known (`tests:` takes any command)'] : []),
      ...suites.flatMap(({ place, advice }) =>
        advice === null ? [] : [place === '' ? advice : `${advice} (${place})`],
      ),
      ...(all.length > most ? [`${all.length - most} more suites of tests, which are left out`] : []),
    ],
  };
}

function suitesOf(repository: Repository, finder: SuiteFinder): PlacedSuite[] {
  const folders = repository.files
    .filter((path) => finder.manifests.includes(posix.basename(path)))
    .map((path) => ({ folder: folderOf(path), place: below(folderOf(path), repository.folder)?.replace(/^\.$/, '') }))
    .filter((one): one is { folder: string; place: string } => one.place !== undefined)
    .filter(({ place }) => !aside.test(place) && place.split('/').length <= deepest);
  const unique = [...new Map(folders.map((one) => [one.folder, one])).values()];
  const taken: PlacedSuite[] = [];
  for (const { folder, place } of unique.sort(
    (a, b) => depth(a.place) - depth(b.place) || (a.place < b.place ? -1 : 1),
  )) {
    if (taken.some((suite) => below(place, suite.place) !== null)) continue;
    const found = finder.find(repository, folder);
    if (found !== null) taken.push({ ...found, place });
  }
  return taken;
}

function depth(place: string): number {
  return place === '' ? 0 : place.split('/').length;
}

function commandOf({ place, command }: PlacedSuite): string {
  if (place === '') return command;
  return `cd ${/^[\w./-]+$/.test(place) ? place : `'${place.replaceAll("'", `'\\''`)}'`}\n${command}`;
}

/** `unit` where there is one; else by their folders. */
function namesOf(suites: readonly PlacedSuite[]): string[] {
  if (suites.length === 1) return ['unit'];
  const names: string[] = [];
  for (const { place, tool } of suites) {
    const wanted = place === '' ? (tool.split(' ')[0] ?? 'unit').toLowerCase() : place.replaceAll('/', '-');
    names.push(names.includes(wanted) ? `${wanted}-${names.length + 1}` : wanted);
  }
  return names;
}
