import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { ComposeModel } from '../../../src/platforms/compose/model.ts';
import type { MountPlan } from '../../../src/platforms/compose/mounts.ts';
import { digestOf, fromYaml, renderBuild, renderRelease, toYaml } from '../../../src/platforms/compose/render.ts';
import { bind, modelOf } from './support.ts';

function mountsOf(replacements: Readonly<Record<string, string>>): MountPlan {
  return { replacements: new Map(Object.entries(replacements)), kept: [], persistent: [], problems: [] };
}

function render(model: ComposeModel, images: Record<string, string> = {}, replacements: Record<string, string> = {}) {
  return renderRelease({ model, images, mounts: mountsOf(replacements) });
}

describe('the model of a release', () => {
  it('has the release’s own images, and nothing left to build, pull or switch on', () => {
    const model = modelOf({
      web: {
        image: 'shop/web',
        build: { context: '.' },
        pull_policy: 'always',
        profiles: ['debug'],
        env_file: ['.env'],
        develop: { watch: [] },
        environment: { A: '1' },
        ports: [{ target: 80, published: '8080' }],
      },
      db: { image: 'postgres:15' },
    });
    const before = structuredClone(model);
    expect(render(model, { web: 'shop-web:homeport-r1' }).services).toEqual({
      web: {
        image: 'shop-web:homeport-r1',
        environment: { A: '1' },
        ports: [{ target: 80, published: '8080' }],
      },
      db: { image: 'postgres:15' },
    });
    expect(model).toEqual(before);
  });

  it('mounts repository files by their content', () => {
    const volumes = [
      bind('/checkout/a'),
      bind('/var/run/docker.sock', true),
      { type: 'volume', source: '/checkout/a', target: '/v' },
    ];
    const rendered = render(modelOf({ web: { volumes } }), {}, { '/checkout/a': '/state/files/abc' });
    expect(rendered.services.web?.volumes).toEqual([
      bind('/state/files/abc'),
      bind('/var/run/docker.sock', true),
      { type: 'volume', source: '/checkout/a', target: '/v' },
    ]);
  });

  it('has configs and secrets by their content', () => {
    const model = modelOf(
      {},
      {
        configs: { a: { file: '/checkout/a' }, b: { content: 'x' } },
        secrets: { c: { file: '/checkout/c' }, d: { environment: 'D' } },
      },
    );
    const rendered = render(model, {}, { '/checkout/a': '/files/1', '/checkout/c': '/files/2' });
    expect(rendered.configs).toEqual({ a: { file: '/files/1' }, b: { content: 'x' } });
    expect(rendered.secrets).toEqual({ c: { file: '/files/2' }, d: { environment: 'D' } });
  });

  it('keeps nothing of the secrets that only builds take', () => {
    const model = modelOf(
      {
        web: { build: { secrets: [{ source: 'npm' }, { source: 'both' }] }, secrets: [{ source: 'both' }] },
        worker: { secrets: [{ source: 'run' }] },
      },
      { secrets: { npm: { environment: 'NPM_TOKEN' }, both: { environment: 'BOTH' }, run: { environment: 'RUN' } } },
    );
    expect(Object.keys(render(model).secrets ?? {})).toEqual(['both', 'run']);
    expect(Object.keys(renderBuild(model, {}, {}).secrets ?? {})).toEqual(['npm', 'both', 'run']);
  });

  it('leaves nothing to interpolate: dollars stay doubled, in paths too', () => {
    const model = modelOf({
      web: { environment: { PRICE: '$$5' }, volumes: [bind('/check$out/a'), bind('/other/$b')] },
    });
    const rendered = render(model, {}, { '/check$out/a': '/sta$te/files/abc' });
    expect(rendered.services.web?.environment).toEqual({ PRICE: '$$5' });
    expect(rendered.services.web?.volumes?.map(({ source }) => source)).toEqual(['/sta$$te/files/abc', '/other/$$b']);
  });
});

describe('the model that images are built with', () => {
  it('has the release’s tags and the standard arguments, escaped; the user’s own stay', () => {
    const model = modelOf({
      web: { build: { context: '/checkout', args: { MINE: 'x', EMPTY: null } }, image: 'shop/web' },
      db: { image: 'postgres:15' },
    });
    const built = renderBuild(model, { web: 'shop-web:homeport-r1', db: 'never' }, { VCS_REF: 'a$b' });
    expect(built.services.web).toEqual({
      build: { context: '/checkout', args: { MINE: 'x', EMPTY: null, VCS_REF: 'a$$b' } },
      image: 'shop-web:homeport-r1',
    });
    expect(built.services.db).toEqual({ image: 'postgres:15' });
  });
});

describe('the written model', () => {
  it('is read back as it was', () => {
    const model = modelOf({
      web: {
        command: ['a', 'b c'],
        environment: { A: 'yes', B: '0123', C: '', D: null, E: 'two\nlines\n', F: '# no' },
      },
    });
    expect(fromYaml(toYaml(model))).toEqual(model);
  });

  // Compose reads YAML 1.1: without quotes, `API_VERSION: 2024-01-01` came out as a time of day.
  it.each([
    '2024-01-01',
    '2024-01-01T10:00:00Z',
    '1_000',
    '0b101',
    '0_7',
    '0777',
    '12:30:45',
    'yes',
    'off',
    '~',
    '1_0.5',
  ])('says %s so that Compose reads a text', (text) => {
    const yaml = toYaml(modelOf({ web: { environment: { VALUE: text } } }));
    expect(parse(yaml, { version: '1.1' }).services.web.environment.VALUE).toBe(text);
    expect(yaml).toContain(`VALUE: "${text}"`);
  });

  it('has no line of a long text broken', () => {
    const long = 'word '.repeat(100).trim();
    expect(toYaml(modelOf({ web: { command: long } }))).toContain(long);
  });

  it('throws where it is none', () => {
    expect(() => fromYaml('services: 5')).toThrow();
  });
});

describe('a digest', () => {
  it('is of all its texts, each with its borders', () => {
    const digests = [
      digestOf('ab', 'c'),
      digestOf('a', 'bc'),
      digestOf('abc'),
      digestOf('abc', ''),
      digestOf('2:ab', 'c'),
      digestOf(''),
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(digestOf('ab', 'c')).toBe(digestOf('ab', 'c'));
    expect(digestOf('')).toMatch(/^[0-9a-f]{64}$/);
  });
});
