import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hasName, searchComposeFiles } from '../../../src/platforms/compose/find-files.ts';
import { temporaryFolder } from '../../hosts/support.ts';

function folderWith(...names: string[]): string {
  const folder = temporaryFolder();
  mkdirSync(join(folder, 'app', 'deep'), { recursive: true });
  for (const name of names) writeFileSync(join(folder, name), '');
  return folder;
}

describe('compose files', () => {
  // The order of compose-go: `cli/options.go`, DefaultFileNames and DefaultOverrideFileNames.
  it.each([
    [['docker-compose.yml', 'compose.yaml', 'compose.yml'], ['compose.yaml']],
    [['docker-compose.yaml', 'docker-compose.yml', 'compose.yml'], ['compose.yml']],
    [['docker-compose.yaml', 'docker-compose.yml'], ['docker-compose.yml']],
    [['docker-compose.yaml'], ['docker-compose.yaml']],
    [
      ['compose.yaml', 'compose.override.yaml'],
      ['compose.yaml', 'compose.override.yaml'],
    ],
    [
      ['compose.yaml', 'compose.override.yaml', 'compose.override.yml'],
      ['compose.yaml', 'compose.override.yml'],
    ],
    [
      ['compose.yaml', 'docker-compose.override.yml'],
      ['compose.yaml', 'docker-compose.override.yml'],
    ],
    [['../compose.yaml'], ['../compose.yaml']],
    [
      ['../../compose.yaml', '../../compose.override.yml'],
      ['../../compose.yaml', '../../compose.override.yml'],
    ],
    [['../compose.yaml', 'compose.override.yml'], ['../compose.yaml']],
    [['../compose.yaml', 'docker-compose.yml'], ['docker-compose.yml']],
    [['compose.override.yml'], []],
    [['Compose.yaml', 'compose.json'], []],
  ])('of %j are %j', (there, found) => {
    const top = folderWith(...there.map((name) => join('app/deep', name)));
    const folder = join(top, 'app/deep');
    expect(searchComposeFiles(folder).map((path) => relative(folder, path))).toEqual(found);
  });
});

describe('a name of its own', () => {
  it.each([
    ['name: shop\nservices: {}\n', true],
    ['name: ${STAGE:-dev}-shop\n', true],
    ['services: {web: {image: x}}\n', false],
    ['services:\n  name: {image: x}\n', false],
    ['', false],
    ['just text', false],
    ['- name: x', false],
    ['name: [', false],
  ])('in %j is found: %s', (text, found) => {
    const path = join(temporaryFolder(), 'compose.yaml');
    writeFileSync(path, text);
    expect(hasName(path)).toBe(found);
  });

  it('is in no file that can not be read', () => {
    expect(hasName(temporaryFolder())).toBe(false);
  });
});
