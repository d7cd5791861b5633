import { describe, expect, it } from 'vitest';
import { writtenDefault } from '../../src/request/defaults.ts';
import { loadYaml } from '../../src/request/read-yaml.ts';
import { requestKeys, requestShape } from '../../src/request/schema.ts';

await loadYaml();

describe('the default that people are told', () => {
  it.each(requestKeys)('of %s means the same as to leave it out', (key) => {
    const nothing = requestShape[key].parse(undefined);
    const written = writtenDefault(key);
    expect(written === undefined ? nothing : requestShape[key].parse(written)).toEqual(nothing);
  });
});
