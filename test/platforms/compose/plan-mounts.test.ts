import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bind, Checkout, modelOf } from './support.ts';

function withFiles(files: Readonly<Record<string, string>>): Checkout {
  const checkout = new Checkout();
  for (const [name, content] of Object.entries(files)) checkout.write(name, content);
  checkout.commit();
  return checkout;
}

describe('what is mounted from the checkout', () => {
  it('is a tracked file by its content', async () => {
    const checkout = withFiles({ 'nginx.conf': 'events {}\n' });
    const oid = checkout.git('rev-parse', 'HEAD:nginx.conf').trim();
    expect(await checkout.plan(['nginx.conf'])).toEqual({
      replacements: new Map([[checkout.path('nginx.conf'), join(checkout.places.files, oid)]]),
      kept: [{ oid, kind: 'blob', executable: false, path: 'nginx.conf' }],
      persistent: [],
      problems: [],
    });
  });

  it('is a tracked folder by its content', async () => {
    const checkout = withFiles({ 'conf/a': 'a', 'conf/deep/b': 'b' });
    const oid = checkout.git('rev-parse', 'HEAD:conf').trim();
    const plan = await checkout.plan(['conf']);
    expect(plan.kept).toEqual([{ oid, kind: 'tree', executable: false, path: 'conf' }]);
    expect(plan.problems).toEqual([]);
  });

  it('is an executable file as one', async () => {
    const checkout = new Checkout();
    checkout.write('run.sh', '#!/bin/sh\n', 0o755);
    checkout.commit();
    expect((await checkout.plan(['run.sh'])).kept).toMatchObject([{ executable: true }]);
  });

  it('is the whole checkout, when all of it is tracked', async () => {
    const checkout = withFiles({ a: 'a' });
    const oid = checkout.git('rev-parse', 'HEAD^{tree}').trim();
    expect((await checkout.plan([''])).kept).toEqual([{ oid, kind: 'tree', executable: false, path: '' }]);
    checkout.write('secret.env', 'x');
    expect((await checkout.plan([''])).problems).toEqual([
      expect.stringMatching(/^The service web mounts \., which holds 1 files that git does not track \(secret\.env\)/),
    ]);
  });

  it('is what the commit says, not what the folder holds by now', async () => {
    const checkout = withFiles({ a: 'committed' });
    const oid = checkout.git('rev-parse', 'HEAD:a').trim();
    checkout.write('a', 'changed');
    expect((await checkout.plan(['a'])).kept).toMatchObject([{ oid }]);
  });

  it('is kept once when two mount it', async () => {
    const checkout = withFiles({ a: 'same', b: 'same' });
    const plan = await checkout.plan(['a', 'b', 'a']);
    expect(plan.kept).toHaveLength(1);
    expect(plan.replacements.size).toBe(2);
  });

  it('are configs and secrets from files too', async () => {
    const checkout = withFiles({ 'app.conf': 'a', 'key.pem': 'b' });
    const model = modelOf(
      { web: {} },
      {
        configs: { app: { file: checkout.path('app.conf') }, inline: {} },
        secrets: { key: { file: checkout.path('key.pem') }, lost: { file: checkout.path('lost.pem') } },
      },
    );
    const plan = await checkout.planModel(model);
    expect(plan.kept.map(({ path }) => path)).toEqual(['app.conf', 'key.pem']);
    expect(plan.problems).toEqual([expect.stringMatching(/^The entry lost of secrets mounts lost\.pem, which is not/)]);
  });

  it('leaves alone what lies outside the checkout, and what is no bind mount', async () => {
    const checkout = withFiles({ a: 'a' });
    const volumes = [
      bind('/var/run/docker.sock'),
      bind(`${checkout.root}-other/a`),
      { type: 'volume', source: 'data', target: '/data' },
    ];
    const plan = await checkout.planModel(modelOf({ web: { volumes } }));
    expect(plan).toEqual({ replacements: new Map(), kept: [], persistent: [], problems: [] });
  });

  it.each([
    'with space',
    "it's",
    'say "hi"',
    'ünï/cödé',
    '-rf',
    '*',
    '[a]?',
    ':strange',
    ':(glob)x',
    '!not',
    '$HOME',
    'two\nlines',
    'tab\there',
    'back\\slash',
    ' lead',
  ])('may be called %j, as a file and as a folder', async (name) => {
    const checkout = withFiles({ [name]: 'named', [`in/${name}/file`]: 'inside', other: 'other' });
    const plan = await checkout.plan([name, `in/${name}`]);
    expect(plan.problems).toEqual([]);
    const oids = [name, `in/${name}`].map((path) => checkout.git('rev-parse', `HEAD:${path}`).trim());
    expect(plan.kept.map(({ oid }) => oid)).toEqual(oids);
  });

  it('looks for files that git does not track only in the folder itself, whatever its name', async () => {
    const checkout = withFiles({ 'c*/file': 'x', 'conf/file': 'y' });
    checkout.write('conf/new', 'untracked');
    expect((await checkout.plan(['c*'])).problems).toEqual([]);
    expect((await checkout.plan(['conf'])).problems).toHaveLength(1);
  });
});

describe('what can not be kept safe', () => {
  it('is data that git does not track, each with a way out', async () => {
    const checkout = withFiles({ a: 'a' });
    checkout.write('data/db', 'rows');
    const { problems, kept } = await checkout.plan(['data', 'data/db', 'none']);
    expect(problems).toHaveLength(3);
    for (const problem of problems) expect(problem).toContain('name it in `persistent-paths`');
    expect(kept).toEqual([]);
  });

  it('is a folder with other files in it, also ignored ones', async () => {
    const checkout = withFiles({ 'conf/a': 'a', '.gitignore': '*.db\n' });
    for (const name of ['1.db', '2.db', '3.db', 'new']) checkout.write(`conf/${name}`, '');
    expect((await checkout.plan(['conf'])).problems).toEqual([
      expect.stringContaining('holds 4 files that git does not track (conf/1.db, conf/2.db, conf/3.db)'),
    ]);
  });

  it.each(['.gitkeep', '.gitignore', '.keep'])(
    'is an empty folder that waits for data (%s), unless it is only read',
    async (name) => {
      const checkout = withFiles({ [`data/${name}`]: '' });
      expect((await checkout.plan(['data'])).problems).toEqual([
        expect.stringContaining('empty folder for data to come'),
      ]);
      expect((await checkout.plan(['data'], { readOnly: true })).problems).toEqual([]);
    },
  );

  it('is a symbolic link', async () => {
    const checkout = withFiles({ a: 'a' });
    symlinkSync('a', checkout.path('link'));
    checkout.commit();
    expect((await checkout.plan(['link'])).problems).toEqual([
      'The service web mounts link, which is a symbolic link: mount the file that it points at.',
    ]);
  });

  it('is a submodule, and a folder that holds one', async () => {
    const library = withFiles({ a: 'a' });
    const checkout = withFiles({ 'parts/own': 'own' });
    checkout.git('-c', 'protocol.file.allow=always', 'submodule', 'add', '--quiet', library.root, 'parts/library');
    checkout.commit();
    const { problems } = await checkout.plan(['parts/library', 'parts', '']);
    expect(problems).toHaveLength(3);
    for (const problem of problems) expect(problem).toContain('submodule');
  });
});

describe('a secret from a file that git does not track', () => {
  it('is refused with the way to give it otherwise', async () => {
    const checkout = withFiles({ a: 'a' });
    checkout.write('token', 'x');
    const model = modelOf({}, { secrets: { token: { file: checkout.path('token') } } });
    const { problems } = await checkout.planModel(model);
    expect(problems).toEqual([
      expect.stringMatching(/^The entry token of secrets mounts token, .*`environment: NAME`/),
    ]);
  });

  it('is nobody’s business where only a build takes it', async () => {
    const checkout = withFiles({ a: 'a' });
    checkout.write('token', 'x');
    const services = { web: { build: { secrets: [{ source: 'token' }] } } };
    const model = modelOf(services, { secrets: { token: { file: checkout.path('token') } } });
    expect(await checkout.planModel(model)).toMatchObject({ problems: [], kept: [] });
  });
});

describe('persistent paths', () => {
  it('lie outside of every checkout, with what the checkout has as their beginning', async () => {
    const checkout = withFiles({ 'data/seed': 'x' });
    const place = join(checkout.places.persistent, 'data');
    expect(await checkout.plan(['data'], { persistentPaths: ['data'] })).toEqual({
      replacements: new Map([[checkout.path('data'), place]]),
      kept: [],
      persistent: [{ place, seed: checkout.path('data') }],
      problems: [],
    });
  });

  it('hold what is below them too, once', async () => {
    const checkout = withFiles({ a: 'a' });
    mkdirSync(checkout.path('data'));
    const plan = await checkout.plan(['data/db', 'data/files/x'], { persistentPaths: ['data'] });
    const place = join(checkout.places.persistent, 'data');
    expect([...plan.replacements.values()]).toEqual([join(place, 'db'), join(place, 'files/x')]);
    expect(plan.persistent).toHaveLength(1);
  });

  it('do not hold what only begins with their name', async () => {
    const checkout = withFiles({ 'data-conf': 'x' });
    const plan = await checkout.plan(['data-conf'], { persistentPaths: ['data'] });
    expect(plan.kept).toHaveLength(1);
  });

  it.each([
    ['data=/srv/shop/data', '/srv/shop/data'],
    [' data = /srv/shop/data ', '/srv/shop/data'],
    ['data=/srv/a=b', '/srv/a=b'],
  ])('may have a place of their own: %j', async (entry, place) => {
    const checkout = withFiles({ a: 'a' });
    const plan = await checkout.plan(['data'], { persistentPaths: [entry] });
    expect(plan.persistent).toEqual([{ place, seed: checkout.path('data') }]);
  });

  it.each([
    ['..', /names \/.+, which is outside of the repository\.$/],
    ['data/../../other', /names \/.+other, which is outside of the repository\.$/],
    ['data=srv/data', /names the place srv\/data, which is no absolute path\.$/],
  ])('never climb out: %j', async (entry, expected) => {
    const checkout = withFiles({ a: 'a' });
    const { problems } = await checkout.plan([], { persistentPaths: [entry] });
    expect(problems.join('\n')).toMatch(expected);
  });

  it('are meant from the working directory, and never clash between two', async () => {
    const checkout = withFiles({ 'shop/compose.yaml': '' });
    const options = { persistentPaths: ['data'], workingDirectory: checkout.path('shop') };
    const plan = await checkout.plan(['shop/data', 'data'], options);
    expect(plan.persistent).toEqual([
      { place: join(checkout.places.persistent, 'shop/data'), seed: checkout.path('shop/data') },
    ]);
    expect(plan.problems).toHaveLength(1);
  });
});
