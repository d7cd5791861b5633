import { describe, expect, it } from 'vitest';
import { imageSources, settleImages } from '../../../src/platforms/compose/images.ts';
import type { ComposeService } from '../../../src/platforms/compose/model.ts';
import { release, stubHost } from '../../deployment/support.ts';
import { modelOf } from './support.ts';

const build = { context: '.' };

function sourcesOf(services: Record<string, ComposeService>, more: { build?: boolean; services?: string[] } = {}) {
  const options = { project: 'shop', release: 'r2', services: Object.keys(services), build: true, ...more };
  const sources = imageSources(modelOf(services), options);
  return Object.fromEntries(sources.map(({ service, ...source }) => [service, source]));
}

describe('the image of a service', () => {
  it('is built under the release’s own tag', () => {
    expect(sourcesOf({ web: { build }, api: { build, image: 'registry.example.org/api:2' } })).toEqual({
      web: { from: 'built', name: 'shop-web:homeport-r2', publicName: 'shop-web', builder: 'web' },
      api: { from: 'built', name: 'shop-api:homeport-r2', publicName: 'registry.example.org/api:2', builder: 'api' },
    });
  });

  it('is somebody else’s where nothing is built', () => {
    expect(sourcesOf({ db: { image: 'postgres:15' } })).toEqual({
      db: { from: 'pulled', name: 'postgres:15', publicName: null, builder: null },
    });
  });

  it.each([
    ['shop/app', 'shop/app'],
    ['shop/app', 'shop/app:latest'],
    ['shop/app:latest', 'shop/app'],
    ['app', 'docker.io/library/app'],
    ['localhost:5000/app', 'localhost:5000/app:latest'],
  ])('follows the one that builds %s where it is %s', (built, followed) => {
    const sources = sourcesOf({ web: { build, image: built }, worker: { image: followed } });
    expect(sources.worker).toEqual({
      from: 'built',
      name: 'shop-web:homeport-r2',
      publicName: followed,
      builder: 'web',
    });
  });

  it('follows also a builder that is not asked for itself, and by Compose’s own name for it', () => {
    const services = { web: { build }, worker: { image: 'shop-web' } };
    expect(sourcesOf(services, { services: ['worker'] }).worker).toMatchObject({ builder: 'web' });
  });

  it.each([
    ['shop/app:1', 'shop/app:2'],
    ['shop/app', 'registry.example.org/shop/app'],
    ['localhost:5000/app', 'localhost:5000/app:1'],
    ['app', 'app@sha256:1111'],
  ])('%s is followed by nobody of another name or tag: %s', (built, other) => {
    expect(sourcesOf({ web: { build, image: built }, worker: { image: other } }).worker?.from).toBe('pulled');
  });

  it('is not mixed up where one’s name ends like another’s', () => {
    const sources = sourcesOf({ web: { build }, 'my-web': { build }, eb: { image: 'web' } });
    expect(Object.values(sources).map(({ name }) => name)).toEqual([
      'shop-web:homeport-r2',
      'shop-my-web:homeport-r2',
      'web',
    ]);
    expect(sources.eb?.from).toBe('pulled');
  });

  it('is the one that is there already when nothing is to be built', () => {
    expect(
      sourcesOf(
        { web: { build, image: 'app' }, worker: { image: 'app' }, db: { image: 'postgres:15' } },
        { build: false },
      ),
    ).toEqual({
      web: { from: 'local', name: 'app', publicName: 'app', builder: null },
      worker: { from: 'local', name: 'app', publicName: 'app', builder: null },
      db: { from: 'pulled', name: 'postgres:15', publicName: null, builder: null },
    });
  });
});

describe('the name under which a release starts an image', () => {
  /** An engine that knows these names, and what each image holds. */
  function engine(ids: Record<string, string>, contents: Record<string, string> = {}) {
    return stubHost((argv) => {
      const names = argv.slice(argv.indexOf('--format') + 2);
      const known = argv.includes('{{.Id}}')
        ? ids
        : { ...Object.fromEntries(names.map((name) => [name, name])), ...contents };
      const stdout = names.flatMap((name) => (known[name] === undefined ? [] : [`${known[name]}\n`])).join('');
      const missing = names.find((name) => known[name] === undefined);
      return missing === undefined
        ? { stdout }
        : { stdout, outcome: 'failed', stderr: `Error: No such image: ${missing}` };
    });
  }
  const built = (name: string) => [
    { service: 'web', from: 'built', name, publicName: 'shop-web', builder: 'web' } as const,
  ];
  const service = {
    image: 'shop-web:homeport-r1',
    image_id: 'sha256:1',
    pin: 'p',
    public_name: 'shop-web',
    replicas: 1,
  };
  const current = release('r1', { services: { web: service } });
  const tag = 'shop-web:homeport-r2';

  it.each([
    ['the new one on a first deployment', { [tag]: 'sha256:2' }, {}, null, { name: tag, id: 'sha256:2' }],
    [
      'the new one for another image',
      { [tag]: 'sha256:2', 'shop-web:homeport-r1': 'sha256:1' },
      {},
      current,
      { name: tag, id: 'sha256:2' },
    ],
    [
      'the old one for the same image',
      { [tag]: 'sha256:1', 'shop-web:homeport-r1': 'sha256:1' },
      {},
      current,
      { name: 'shop-web:homeport-r1', id: 'sha256:1' },
    ],
    [
      'the old one for an image that differs in nothing but its date',
      { [tag]: 'sha256:2', 'shop-web:homeport-r1': 'sha256:1' },
      { 'sha256:1': 'same', 'sha256:2': 'same' },
      current,
      { name: 'shop-web:homeport-r1', id: 'sha256:1' },
    ],
    [
      'the new one where the old name is gone or means something else',
      { [tag]: 'sha256:1', 'shop-web:homeport-r1': 'sha256:9' },
      {},
      current,
      { name: tag, id: 'sha256:1' },
    ],
  ])('is %s', async (_what, ids, contents, before, settled) => {
    expect(await settleImages(engine(ids, contents), built(tag), before)).toEqual({ web: settled });
  });

  it.each([
    ['local', 'Set `build: true`'],
    ['pulled', 'registry can be reached'],
  ] as const)('that is not there (%s) is told with a way on', async (from, hint) => {
    const source = { service: 'web', from, name: 'app', publicName: null, builder: null };
    await expect(settleImages(engine({}), [source], null)).rejects.toMatchObject({
      message: 'The image app of the service web is not on this host.',
      hint: expect.stringContaining(hint),
    });
  });

  it('is not guessed when the engine does not answer', async () => {
    const silent = stubHost(() => ({ outcome: 'failed', stderr: 'Cannot connect', tail: 'Cannot connect' }));
    await expect(settleImages(silent, built(tag), null)).rejects.toThrow('did not answer: Cannot connect');
  });
});
