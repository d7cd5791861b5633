import { describe, expect, it } from 'vitest';
import { missingOutside } from '../../../src/platforms/compose/outside.ts';
import { stubHost } from '../../deployment/support.ts';
import { modelOf } from './support.ts';

interface There {
  readonly networks?: readonly string[];
  readonly volumes?: readonly string[];
  /** Name and project of containers; those of no project have an empty one. */
  readonly containers?: Readonly<Record<string, string>>;
}

function hostWith(there: There) {
  const asked: string[] = [];
  const host = stubHost((argv) => {
    asked.push(argv[1] ?? '');
    const names = argv[1] === 'network' ? there.networks : argv[1] === 'volume' ? there.volumes : undefined;
    const containers = Object.entries(there.containers ?? {}).map((entry) => entry.join('\t'));
    return { stdout: (names ?? (argv[1] === 'ps' ? containers : [])).map((line) => `${line}\n`).join('') };
  });
  return { host, asked };
}

const model = modelOf(
  {
    web: {
      container_name: 'the-web',
      networks: { default: null, front: null },
      volumes: [
        { type: 'volume', source: 'data', target: '/data' },
        { type: 'volume', source: 'own', target: '/own' },
        { type: 'bind', source: '/srv', target: '/srv' },
      ],
    },
    other: { networks: { unused: null } },
  },
  {
    networks: {
      default: { name: 'shop_default' },
      front: { name: 'real-front', external: true },
      unused: { external: true },
    },
    volumes: { data: { name: 'real-data', external: true }, own: { name: 'shop_own' } },
  },
);

describe('what a project needs of the host', () => {
  it('is there', async () => {
    const { host } = hostWith({
      networks: ['bridge', 'real-front'],
      volumes: ['real-data'],
      containers: { 'the-web': 'shop' },
    });
    expect(await missingOutside(host, model, ['web'], 'shop')).toBeNull();
  });

  it.each<[string, There, RegExp, RegExp]>([
    [
      'an external network',
      { volumes: ['real-data'] },
      /^The external network real-front is not on this host\.$/,
      /docker network create real-front/,
    ],
    [
      'an external volume',
      { networks: ['real-front'] },
      /^The external volume real-data is not on this host\.$/,
      /docker volume create real-data/,
    ],
    [
      'its container’s name, which a stranger has',
      { networks: ['real-front'], volumes: ['real-data'], containers: { 'the-web': '' } },
      /^The name the-web \(`container_name`\) is taken by a container of no Compose project\.$/,
      /docker rm --force the-web/,
    ],
    [
      'its container’s name, which another project has',
      { networks: ['real-front'], volumes: ['real-data'], containers: { 'the-web': 'old-name' } },
      /is taken by a container of the project old-name/,
      /`project: old-name`/,
    ],
  ])('is refused where it lacks %s', async (_what, there, message, hint) => {
    const error = await missingOutside(hostWith(there).host, model, ['web'], 'shop');
    expect(error?.message).toMatch(message);
    expect(error?.hint).toMatch(hint);
  });

  it('is told all at once', async () => {
    const error = await missingOutside(hostWith({}).host, model, ['web'], 'shop');
    expect(error?.message).toMatch(/network real-front.*volume real-data/);
  });

  it('is asked for only where there is something to ask', async () => {
    const { host, asked } = hostWith({});
    expect(await missingOutside(host, modelOf({ web: {} }), ['web'], 'shop')).toBeNull();
    expect(asked).toEqual([]);
  });

  it('is not known where the engine is silent', async () => {
    const host = stubHost(() => ({ outcome: 'failed', exitCode: 1, tail: 'no daemon' }));
    await expect(missingOutside(host, model, ['web'], 'shop')).rejects.toThrow(/did not answer: no daemon/);
  });
});
