import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type KeptFile, keepFiles } from '../../../src/platforms/compose/mounts.ts';
import { Checkout } from './support.ts';

interface Kept {
  readonly checkout: Checkout;
  readonly kept: readonly KeptFile[];
  /** Where each of them is, in their order. */
  readonly places: readonly string[];
  /** Keeps them again, and gives those that were changed. */
  keep(): Promise<string[]>;
}

async function keepOf(checkout: Checkout, paths: readonly string[]): Promise<Kept> {
  const { kept, problems } = await checkout.plan(paths);
  expect(problems).toEqual([]);
  const places = kept.map(({ oid }) => join(checkout.places.files, oid));
  return { checkout, kept, places, keep: () => keepFiles(checkout.host, checkout.root, checkout.places, kept) };
}

function checkoutWith(files: Readonly<Record<string, string>>): Checkout {
  const checkout = new Checkout();
  for (const [name, content] of Object.entries(files)) checkout.write(name, content);
  checkout.commit();
  return checkout;
}

/** Everything below a folder, as text. */
function contents(folder: string): Record<string, string> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  const files = names.filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

describe('kept files', () => {
  it('are what the commit holds, readable by every user of a container', async () => {
    const checkout = checkoutWith({ 'a.conf': 'a\n', 'conf/b': 'b', 'conf/deep/c': 'ü' });
    checkout.write('run.sh', '#!/bin/sh\n', 0o755);
    checkout.commit();
    const { keep, places } = await keepOf(checkout, ['a.conf', 'conf', 'run.sh']);
    const before = process.umask(0o077);
    expect(await keep().finally(() => process.umask(before))).toEqual([]);
    const [file = '', folder = '', script = ''] = places;
    expect(readFileSync(file, 'utf8')).toBe('a\n');
    expect(contents(folder)).toEqual({ b: 'b', 'deep/c': 'ü' });
    const modes = [file, folder, join(folder, 'deep/c'), script].map((path) => statSync(path).mode & 0o755);
    expect(modes).toEqual([0o644, 0o755, 0o644, 0o755]);
  });

  it('leave nothing else behind', async () => {
    const { keep, checkout, kept } = await keepOf(checkoutWith({ a: 'a', 'conf/b': 'b' }), ['a', 'conf']);
    await keep();
    await keep();
    expect(readdirSync(checkout.places.files).sort()).toEqual(kept.map(({ oid }) => oid).sort());
    expect(checkout.git('status', '--porcelain')).toBe('');
  });

  it('are left exactly as they are when they are there already', async () => {
    const { keep, places } = await keepOf(checkoutWith({ a: 'a', 'conf/b': 'b' }), ['a', 'conf']);
    await keep();
    const inodes = () =>
      [...places, join(places[1] ?? '', 'b')].map((path) => [statSync(path).ino, statSync(path).mtimeMs]);
    const before = inodes();
    expect(await keep()).toEqual([]);
    expect(inodes()).toEqual(before);
  });

  it('stay when the checkout goes on', async () => {
    const { keep, checkout, places } = await keepOf(checkoutWith({ a: 'old' }), ['a']);
    await keep();
    checkout.write('a', 'new');
    checkout.commit();
    const later = await keepOf(checkout, ['a']);
    await later.keep();
    expect([places[0], later.places[0]].map((path) => readFileSync(path ?? '', 'utf8'))).toEqual(['old', 'new']);
    expect(await keep()).toEqual([]);
  });

  it('hold symbolic links as they are', async () => {
    const checkout = checkoutWith({ 'conf/a': 'a' });
    symlinkSync('a', checkout.path('conf/link'));
    checkout.commit();
    const { keep, places } = await keepOf(checkout, ['conf']);
    await keep();
    expect(readlinkSync(join(places[0] ?? '', 'link'))).toBe('a');
    expect(await keep()).toEqual([]);
  });

  it('may have any name', async () => {
    const names = ['with space', "it's", 'ü', '-rf', '*', 'two\nlines', ':x'];
    const checkout = checkoutWith(
      Object.fromEntries(
        names.flatMap((name) => [
          [name, name],
          [`conf/${name}`, name],
        ]),
      ),
    );
    const { keep, places } = await keepOf(checkout, [...names, 'conf']);
    expect(await keep()).toEqual([]);
    expect(places.slice(0, -1).map((path) => readFileSync(path, 'utf8'))).toEqual(names);
    expect(contents(places.at(-1) ?? '')).toEqual(Object.fromEntries(names.map((name) => [name, name])));
    expect(await keep()).toEqual([]);
  });

  it('of the whole checkout are all of it', async () => {
    const { keep, places } = await keepOf(checkoutWith({ a: 'a', 'b/c': 'c' }), ['']);
    await keep();
    expect(contents(places[0] ?? '')).toEqual({ a: 'a', 'b/c': 'c' });
    expect(await keep()).toEqual([]);
  });
});

describe('a container that wrote into kept files', () => {
  it.each<[string, (file: string, folder: string) => void, string]>([
    ['a file', (file) => appendFileSync(file, 'more'), 'a.conf'],
    ['a file of a folder', (_, folder) => writeFileSync(join(folder, 'b'), 'B'), 'conf'],
    ['a new file', (_, folder) => writeFileSync(join(folder, 'new'), ''), 'conf'],
    ['a new file that git would ignore', (_, folder) => writeFileSync(join(folder, 'x.log'), ''), 'conf'],
    ['a file less', (_, folder) => execFileSync('rm', [join(folder, 'deep/c')]), 'conf'],
    ['another mode', (_, folder) => chmodSync(join(folder, 'b'), 0o755), 'conf'],
  ])('is found out: %s', async (_what, write, changed) => {
    const checkout = checkoutWith({ 'a.conf': 'a', 'conf/b': 'b', 'conf/deep/c': 'c', 'conf/.gitignore': '*.log\n' });
    const { keep, places } = await keepOf(checkout, ['a.conf', 'conf']);
    await keep();
    const [file = '', folder = ''] = places;
    write(file, folder);
    expect(await keep()).toEqual([expect.stringMatching(new RegExp(`^${changed} \\(${checkout.places.files}`))]);
  });

  it('is not suspected of what only touched them', async () => {
    const { keep, places } = await keepOf(checkoutWith({ a: 'a', 'conf/b': 'b' }), ['a', 'conf']);
    await keep();
    execFileSync('touch', [places[0] ?? '', join(places[1] ?? '', 'b')]);
    expect(await keep()).toEqual([]);
  });
});

describe('attributes of the checkout', () => {
  const crlf = '*.bat text eol=crlf\nconf/*.ini text eol=crlf\n';

  it('give kept files the line ends that the checkout has', async () => {
    const checkout = checkoutWith({
      '.gitattributes': crlf,
      'run.bat': 'a\nb\n',
      'conf/x.bat': 'c\n',
      'conf/y.ini': 'd\n',
      'conf/z': 'e\n',
    });
    execFileSync('rm', ['-rf', checkout.path('run.bat'), checkout.path('conf')]);
    checkout.git('checkout', '--', '.');
    const { keep, places } = await keepOf(checkout, ['run.bat', 'conf']);
    await keep();
    expect(readFileSync(places[0] ?? '', 'utf8')).toBe('a\r\nb\r\n');
    expect(contents(places[1] ?? '')).toEqual(contents(checkout.path('conf')));
    expect(contents(places[1] ?? '')).toEqual({ 'x.bat': 'c\r\n', 'y.ini': 'd\r\n', z: 'e\n' });
    expect(await keep()).toEqual([]);
  });

  it('still let a container’s write be found out', async () => {
    const checkout = checkoutWith({ '.gitattributes': crlf, 'conf/x.bat': 'c\n', 'conf/y.bat': 'c\n' });
    const { keep, places } = await keepOf(checkout, ['conf']);
    await keep();
    appendFileSync(join(places[0] ?? '', 'x.bat'), 'more\r\n');
    expect(await keep()).toHaveLength(1);
  });

  it('are followed where they are filters, as those of Git LFS', async () => {
    const checkout = new Checkout();
    checkout.git('config', 'filter.upper.smudge', 'tr a-z A-Z');
    checkout.git('config', 'filter.upper.clean', 'tr A-Z a-z');
    checkout.write('.gitattributes', '*.big filter=upper\n');
    checkout.write('one.big', 'model');
    checkout.write('models/two.big', 'model two');
    checkout.commit();
    const { keep, places } = await keepOf(checkout, ['one.big', 'models']);
    await keep();
    expect(readFileSync(places[0] ?? '', 'utf8')).toBe('MODEL');
    expect(contents(places[1] ?? '')).toEqual({ 'two.big': 'MODEL TWO' });
    expect(await keep()).toEqual([]);
  });
});

describe('what a killed deployment left', () => {
  it('half-written is written anew', async () => {
    const { keep, checkout, kept, places } = await keepOf(checkoutWith({ a: 'a', 'conf/b': 'b' }), ['a', 'conf']);
    mkdirSync(checkout.places.files, { recursive: true });
    for (const { oid } of kept) {
      const partial = join(checkout.places.files, `${oid}.partial`);
      mkdirSync(partial);
      writeFileSync(join(partial, 'half'), 'ha');
      writeFileSync(join(checkout.places.files, `${oid}.index`), '');
      writeFileSync(join(checkout.places.files, `${oid}.index.lock`), '');
    }
    expect(await keep()).toEqual([]);
    expect(readFileSync(places[0] ?? '', 'utf8')).toBe('a');
    expect(contents(places[1] ?? '')).toEqual({ b: 'b' });
    expect(readdirSync(checkout.places.files).sort()).toEqual(kept.map(({ oid }) => oid).sort());
  });

  it('while it compared stands in nobody’s way', async () => {
    const { keep, checkout, kept } = await keepOf(checkoutWith({ 'conf/b': 'b' }), ['conf']);
    await keep();
    writeFileSync(join(checkout.places.files, `${kept[0]?.oid}.index.lock`), '');
    expect(await keep()).toEqual([]);
  });

  it('nowhere when git itself fails', async () => {
    const { checkout, kept } = await keepOf(checkoutWith({ a: 'a' }), ['a']);
    const gone = kept.map((file) => ({ ...file, oid: '0'.repeat(40) }));
    await expect(keepFiles(checkout.host, checkout.root, checkout.places, gone)).rejects.toThrow(/git .* failed/);
    expect(readdirSync(checkout.places.files)).toEqual([]);
  });
});
