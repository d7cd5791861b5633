import { describe, expect, it } from 'vitest';
import { parseDockerSize, sizeOfBuild } from '../../../src/platforms/compose/image-sizes.ts';
import { release, stubHost } from '../../deployment/support.ts';

const built = { image: 'a', pin: 'a', public_name: 'shop-web', replicas: 1 };
const last = release('r1', {
  services: {
    web: { ...built, image_id: 'sha256:web' },
    worker: { ...built, image_id: 'sha256:web' },
    api: { ...built, image_id: 'sha256:api' },
    db: { ...built, image_id: 'sha256:db', public_name: null },
  },
});

/** An engine whose two built images have 300 MB each, of which 20 and 50 MB are their own. */
function engine(asked: string[] = []) {
  return stubHost((argv) => {
    asked.push(argv.slice(1, 3).join(' '));
    if (argv[1] === 'image')
      return {
        stdout: argv
          .slice(5)
          .map(() => '300000000')
          .join('\n'),
      };
    const images = [
      { ID: 'sha256:web', UniqueSize: '20MB' },
      { ID: 'sha256:api', UniqueSize: '50MB' },
      { ID: 'sha256:db', UniqueSize: '1GB' },
    ];
    return { stdout: JSON.stringify(images) };
  });
}

describe('what a build may take', () => {
  it('is what the built images of the last release take, each counted once, and nobody else’s', async () => {
    expect(await sizeOfBuild(engine(), last, 10e9)).toBe(600e6);
  });

  it('is only what they share with nobody where the whole of them would not fit', async () => {
    const asked: string[] = [];
    expect(await sizeOfBuild(engine(asked), last, 100e6)).toBe(70e6);
    expect(asked).toEqual(['image inspect', 'system df']);
  });

  it('is not known before the first release, and where the engine tells nothing', async () => {
    expect(await sizeOfBuild(engine(), null, 1)).toBe(0);
    expect(
      await sizeOfBuild(
        stubHost(() => ({ outcome: 'failed', exitCode: 1 })),
        last,
        1,
      ),
    ).toBe(0);
  });
});

describe('a size as Docker prints it', () => {
  it.each([
    ['0B', 0],
    ['1.98MB', 1.98e6],
    ['125.5kB', 125_500],
    ['2GB', 2e9],
    ['N/A', 0],
  ])('%s is %d bytes', (text, bytes) => {
    expect(parseDockerSize(text)).toBe(bytes);
  });
});
