import { SaxesParser } from 'saxes';

export interface FailingTest {
  /** With its class or suite before it. */
  readonly name: string;
  /** Several lines, as the tool wrote them; empty where it gave none. */
  readonly message: string;
}

/** What a report, or several, say of the tests. */
export interface TestFigures {
  readonly tests: number;
  readonly failures: number;
  readonly skipped: number;
  /** The first `mostFailing` of them. */
  readonly failing: readonly FailingTest[];
}

export const mostFailing = 10;

/** Characters that are kept of a message or a name: a tool may put the whole log there. */
const mostKept = 4000;

interface OpenTest {
  readonly name: string;
  failed: boolean;
  skipped: boolean;
  message: string;
  /** What stands inside the failure, for tools that give no `message`. */
  text: string;
}

/**
 * JUnit's XML, as the many tools write it that took it over: `<testsuites>` or `<testsuite>` with `<testcase>`s at any
 * depth. Counted are the test cases, not the figures that a suite states. A case with `<failure>` or `<error>` failed;
 * one with `<flakyFailure>` alone (Surefire's reruns) did not. Throws `Error` with what is wrong and on which line.
 *
 * A DOCTYPE that declares entities is refused, and none is ever fetched.
 */
export function parseJunit(text: string): TestFigures {
  const parser = new SaxesParser();
  const path: string[] = [];
  const suites: string[] = [];
  const failing: FailingTest[] = [];
  const count = { tests: 0, failures: 0, skipped: 0 };
  let open: OpenTest | null = null;
  /** Depth of the `<failure>` whose text is collected; 0 outside. */
  let collecting = 0;

  parser.on('error', (error) => {
    throw new Error(`line ${error.message.replace(/^(\d+):(\d+): /, '$1, column $2: ')}`);
  });
  parser.on('doctype', (doctype) => {
    if (doctype.includes('<!'))
      throw new Error(`line ${parser.line}: its DOCTYPE declares entities or elements of its own`);
  });
  parser.on('opentag', ({ name, attributes }) => {
    const parent = path.at(-1);
    path.push(name);
    if (parent === undefined && name !== 'testsuites' && name !== 'testsuite') {
      throw new Error(`line ${parser.line}: the root element is <${name}>, not <testsuites> or <testsuite>`);
    }
    if (name === 'testsuite') suites.push(attributes.name ?? '');
    else if (name === 'testcase') {
      const title = titleOf(attributes, suites.at(-1) ?? '');
      open = { name: title, failed: false, skipped: false, message: '', text: '' };
    } else if (open !== null && parent === 'testcase') {
      if (name === 'skipped') open.skipped = true;
      // The first one tells; an error while tidying up may follow.
      if ((name !== 'failure' && name !== 'error') || open.failed) return;
      open.failed = true;
      open.message = onceEscaped(attributes.message ?? '').slice(0, mostKept);
      collecting = path.length;
    }
  });
  const collect = (more: string): void => {
    if (open !== null && collecting > 0 && open.text.length < mostKept) open.text += more.slice(0, mostKept);
  };
  parser.on('text', collect);
  parser.on('cdata', collect);
  parser.on('closetag', ({ name }) => {
    if (path.length === collecting) collecting = 0;
    path.pop();
    if (name === 'testsuite') suites.pop();
    if (name !== 'testcase' || open === null) return;
    count.tests += 1;
    if (open.failed) count.failures += 1;
    else if (open.skipped) count.skipped += 1;
    const message = open.message.trim() === '' ? open.text : open.message;
    if (open.failed && failing.length < mostFailing) failing.push({ name: open.name, message: message.trim() });
    open = null;
  });
  parser.write(text.replace(/^\uFEFF/, '')).close();
  return { ...count, failing };
}

/** `tests.unit.test_pricing › test_discount`; where the tool has no class (Node's says `test`), the suite instead. */
function titleOf(attributes: Readonly<Record<string, string>>, suite: string): string {
  const { name = '', classname = '' } = attributes;
  const group = classname === '' || classname === 'test' || classname === 'suite' ? suite : classname;
  const title = group === '' || group === name ? name : `${group} › ${name}`;
  return onceEscaped(title).slice(0, mostKept);
}

/** Node's reporter escapes the quotes of an attribute twice. */
function onceEscaped(attribute: string): string {
  return attribute.replaceAll('&quot;', '"');
}

/** Of several reports. */
export function addFigures(figures: readonly TestFigures[]): TestFigures {
  const sum = (of: 'tests' | 'failures' | 'skipped') => figures.reduce((total, one) => total + one[of], 0);
  return {
    tests: sum('tests'),
    failures: sum('failures'),
    skipped: sum('skipped'),
    failing: figures.flatMap(({ failing }) => failing).slice(0, mostFailing),
  };
}
