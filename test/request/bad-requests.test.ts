import { Command, CommanderError } from 'commander';
import { describe, expect, it } from 'vitest';
import { InvalidRequestError } from '../../src/request/invalid-request.ts';
import { parseRequest } from '../../src/request/parse-request.ts';
import { addRequestFlags, errorOutput, flagsToDoor, secretVariable } from '../../src/request/read-flags.ts';
import { readInputs } from '../../src/request/read-inputs.ts';
import { docsOf, isRequestKey, requestKeys, secretKeys } from '../../src/request/schema.ts';
import { type Bad, badRequests, secretMark } from './bad-values.ts';

const seed = Number(process.env.HOMEPORT_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));
process.stderr.write(`bad requests with HOMEPORT_TEST_SEED=${seed}\n`);

/** Milliseconds that a refusal may take, on a machine that is busy with other things too. */
const longest = 5000;

type Door = 'inputs' | 'file' | 'flags';

/** What commander refuses by itself, as it prints that. */
class RefusedFlag extends Error {}

/** Sends the request through the door as people and runners do, and gives what it is refused with. */
async function refusalBy(door: Door, { key, value }: Bad): Promise<InvalidRequestError | RefusedFlag> {
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  try {
    if (door === 'file') {
      // JSON is YAML; a key that stands for a whole file is that file.
      const file = key === null ? text : `{${JSON.stringify(key)}: ${JSON.stringify(value)}}`;
      const readText = async (path: string) => (path === 'homeport.yml' ? file : null);
      await parseRequest({ door: {}, doorName: 'input', environment: {}, readText });
    } else {
      const read = door === 'inputs' ? inputsOf(key ?? '', text) : await flagsOf(key ?? '', text);
      const doorName = door === 'inputs' ? 'input' : 'flag';
      await parseRequest({ door: read, doorName, environment: {}, readText: async () => null });
    }
  } catch (error) {
    if (error instanceof InvalidRequestError || error instanceof RefusedFlag) return error;
    throw error;
  }
  throw new Error('it was accepted');
}

function inputsOf(key: string, text: string): Record<string, unknown> {
  return readInputs({ [`INPUT_${key.toUpperCase()}`]: text });
}

async function flagsOf(key: string, text: string): Promise<Record<string, unknown>> {
  const keys = requestKeys.filter((name) => name !== 'command');
  let printed = '';
  const writeErr = (more: string) => {
    printed += more;
  };
  const command = addRequestFlags(new Command().exitOverride().configureOutput({ ...errorOutput, writeErr }), keys);
  const secret = isRequestKey(key) && secretKeys.includes(key);
  try {
    command.parse(secret ? [] : [`--${key}=${text}`], { from: 'user' });
  } catch (error) {
    throw error instanceof CommanderError ? new RefusedFlag(printed) : error;
  }
  const environment = secret ? { [secretVariable(key)]: text } : {};
  return await flagsToDoor(command.opts(), environment, async (path) => Promise.reject(new Error(`none: ${path}`)));
}

function expectTold(error: InvalidRequestError | RefusedFlag, bad: Bad): void {
  expect(`${error.message}`).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(error.message).not.toMatch(/\[object|undefined|call stack|did not foresee/);
  expect(error.message).not.toContain(secretMark);
  if (error instanceof RefusedFlag) {
    expect(error.message).toContain(`unknown option '--${bad.key}'`);
    return;
  }
  expect(error.exitCode).toBe(64);
  expect(error.hint).toMatch(/^Correct it and start again\. Nothing was touched\.$/);
  expect(error.problems.length).toBeGreaterThan(0);
  for (const { key, value, expected, suggestion } of error.problems) {
    expect(key).toMatch(/^\P{Cc}+$/u);
    expect(expected).toMatch(/^\P{Cc}{4,700}$/u);
    expect(value ?? '').toMatch(/^\P{Cc}{0,82}$/u);
    expect(suggestion ?? 'none').not.toBe('');
  }
  const about = error.problems.map(({ key }) => key).join('\n');
  const tooMuch = JSON.stringify(bad.value).length > 60_000 && about === 'homeport.yml';
  if (!tooMuch) expect(about, 'the key to blame').toMatch(bad.blamed);
  if (bad.typo === true) expect(error.problems[0]?.suggestion, 'the likely spelling').not.toBeNull();
}

const doors = (bad: Bad): readonly Door[] => {
  if (bad.key === null || typeof bad.value !== 'string' || bad.value.includes('\0')) {
    const structured = bad.key !== null && isRequestKey(bad.key) && docsOf(bad.key).form === 'yaml';
    return structured ? ['inputs', 'file', 'flags'] : ['file'];
  }
  return ['inputs', 'file', 'flags'];
};

describe('200 generated bad requests', () => {
  it.each(badRequests(seed, 200).map((bad, index) => [index, bad.what, bad] as const))(
    '%i: %s',
    async (_index, _what, bad) => {
      for (const door of doors(bad)) {
        const begin = performance.now();
        try {
          expectTold(await refusalBy(door, bad), bad);
          expect(performance.now() - begin, 'milliseconds').toBeLessThan(longest);
        } catch (error) {
          const request = `${bad.key}: ${JSON.stringify(bad.value)}`.slice(0, 300);
          throw new Error(`by ${door}, seed ${seed}: ${request}`, { cause: error });
        }
      }
    },
  );
});
