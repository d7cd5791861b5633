import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { actionYaml, inputsTable, outputsTable, readmeWith } from '../../src/request/docs.ts';
import { outputs } from '../../src/request/outputs.ts';
import { requestKeys } from '../../src/request/schema.ts';

const described = z.record(z.string(), z.strictObject({ description: z.string().min(10) }));
const action = z
  .object({
    name: z.string(),
    description: z.string().max(125),
    inputs: described,
    outputs: described,
    runs: z.unknown(),
  })
  .parse(parse(actionYaml()));

describe('action.yml', () => {
  it('has every key as a described input, without a default that would win over homeport.yml', () => {
    expect(Object.keys(action.inputs)).toEqual(requestKeys);
  });

  it('has the outputs that are promised', () => {
    const promised =
      'status phase exit-code release previous-release commit coverage backup systems-deployed duration-seconds report';
    expect(Object.keys(action.outputs)).toEqual(promised.split(' '));
    expect(Object.keys(outputs)).toEqual(promised.split(' '));
  });

  it('runs the bundle with the Node that it is made for', () => {
    expect(action.runs).toEqual({ using: 'node24', main: 'dist/main/index.js', post: 'dist/post/index.js' });
  });

  it('tells people the default and where a secret comes from', () => {
    expect(action.inputs['backup-keep']?.description).toContain('Default: `7d`.');
    expect(action.inputs['telegram-token']?.description).toContain('Pass it from `secrets`.');
  });
});

describe('the README', () => {
  it('gets its tables between the markers, and keeps the rest', () => {
    const markers = (name: string) => `<!-- ${name}:start -->\nold\n<!-- ${name}:end -->`;
    const made = readmeWith(
      { inputs: '|i|', outputs: '|o|' },
      `# T\n${markers('inputs')}\nmore\n${markers('outputs')}\n`,
    );
    expect(made).toBe(
      '# T\n<!-- inputs:start -->\n|i|\n<!-- inputs:end -->\nmore\n<!-- outputs:start -->\n|o|\n<!-- outputs:end -->\n',
    );
  });

  it('is not made up when the markers are gone', () => {
    expect(() => readmeWith({ inputs: '', outputs: '' }, '# T')).toThrow('<!-- inputs:start -->');
  });

  it('is up to date, and so is action.yml', () => {
    const root = new URL('../../', import.meta.url);
    const readme = readFileSync(new URL('README.md', root), 'utf8');
    expect(readmeWith({ inputs: inputsTable(), outputs: outputsTable() }, readme)).toBe(readme);
    expect(readFileSync(new URL('action.yml', root), 'utf8')).toBe(actionYaml());
  });
});
