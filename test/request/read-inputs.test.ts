import { describe, expect, it } from 'vitest';
import { readInputs } from '../../src/request/read-inputs.ts';

describe('the inputs as the runner sets them', () => {
  it.each([
    ['keep their dashes', { 'INPUT_WORKING-DIRECTORY': 'app' }, { 'working-directory': 'app' }],
    ['are not given when empty', { INPUT_TESTS: '', INPUT_BUILD: ' \n ', INPUT_NOTIFY: 'never' }, { notify: 'never' }],
    ['lose the space around one line', { INPUT_COMMAND: ' deploy\n' }, { command: 'deploy' }],
    ['keep the indentation of several', { INPUT_TESTS: '  a: b\n  c: d\n' }, { tests: '  a: b\n  c: d' }],
    [
      'keep an unknown name, even when empty',
      { INPUT_TETS: '', 'INPUT_COVRAGE-MINIMUM': '7' },
      { tets: '', 'covrage-minimum': '7' },
    ],
    ['are all that is read', { HOME: '/', GITHUB_ACTION: 'x', input_tests: 'y', INPUTS: 'z', MY_INPUT_TO: 'w' }, {}],
    ['may be absent', { INPUT_TESTS: undefined }, {}],
  ])('%s', (_, environment, expected) => {
    expect(readInputs(environment)).toEqual(expected);
  });
});
