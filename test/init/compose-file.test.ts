import { describe, expect, it } from 'vitest';
import { chooseComposeFiles } from '../../src/init/compose-file.ts';
import { lookAt } from '../../src/init/repository.ts';
import { checkout } from '../cli/support.ts';

async function chosen(
  paths: readonly string[],
  named: readonly string[] = [],
  folder = '',
): Promise<readonly string[]> {
  const { folder: root } = await checkout(Object.fromEntries(paths.map((path) => [path, 'services: {}\n'])));
  return chooseComposeFiles(await lookAt(`${root}/${folder}`), named).files;
}

describe('the compose file of a repository', () => {
  it.each([
    ['the usual one with its override', ['compose.yaml', 'compose.override.yml', 'docker-compose.prod.yml'], 2],
    ['the only one, whatever it is called', ['docker-compose-vnext.yml'], 1],
    ['the only one in a folder', ['deploy/compose.yml', 'web/package.json'], 1],
    ['the one for production', ['docker/production/compose.yml', 'docker/dev/compose.yml', 'docker/compose.yml'], 1],
    ['the one that is not for development', ['docker/docker-compose.yml', '.devcontainer/docker-compose.yml'], 1],
    ['the one that is not for tests', ['docker-compose.app.yml', 'docker-compose.test.yml'], 1],
  ])('is %s', async (_, paths, count) => {
    expect(await chosen(paths)).toEqual(paths.slice(0, count));
  });

  it('is that of a folder above, inside of the repository', async () => {
    expect(await chosen(['compose.yaml', 'web/index.js'], [], 'web')).toEqual(['compose.yaml']);
  });

  it('is not one that git ignores', async () => {
    await expect(chosen(['index.js'])).rejects.toThrow(/There is no compose file in/);
    const ignored = await checkout({ '.gitignore': 'compose.yaml\n', 'compose.yaml': 'services: {}\n' });
    expect(() => chooseComposeFiles({ ...repository, root: ignored.folder }, [])).toThrow(/There is no compose file/);
  });

  it('is asked for where there is no telling, by their names', async () => {
    const two = ['apps/blog/compose.yaml', 'apps/shop/compose.yaml'];
    await expect(chosen(two)).rejects.toThrow(
      `There are several compose files, and none in the usual place: ${two.join(', ')}`,
    );
    expect(await chosen(two, ['apps/shop/compose.yaml'])).toEqual(['apps/shop/compose.yaml']);
    await expect(chosen(two, ['apps/shop/compose.yml'])).rejects.toMatchObject({
      exitCode: 64,
      hint: `There is: ${two.join(', ')}.`,
    });
  });
});

const repository = { folder: '', files: [], branch: 'main', has: () => false, read: () => null };
