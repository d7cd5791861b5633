import { chmod, chown, lchown, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Places, placesOf } from '../../src/deployment/places.ts';
import { distrust } from '../../src/deployment/trusted-state.ts';

let folder: string;
let places: Places;

beforeEach(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), 'homeport-trust-')));
  places = placesOf(join(folder, 'state'), 'shop');
  await mkdir(places.root, { recursive: true, mode: 0o700 });
});
afterEach(async () => await rm(folder, { recursive: true }));

const told = async (): Promise<string | null> => (await distrust(places, userInfo()))?.message ?? null;
const elsewhere = async (mode = 0o755): Promise<string> => {
  const place = join(folder, 'elsewhere');
  await mkdir(place);
  await chmod(place, mode);
  return place;
};

describe('a state folder is trusted', () => {
  it('when it is not there yet', async () => {
    await rm(places.root, { recursive: true });
    expect(await told()).toBeNull();
    await rm(join(folder, 'state'), { recursive: true });
    expect(await told()).toBeNull();
  });

  it('when all that it has is ours', async () => {
    for (const place of [places.releases, places.files, places.backups, places.logs]) await mkdir(place);
    for (const file of [places.lock, places.journal]) await writeFile(file, '');
    await symlink('releases/x', places.current);
    expect(await told()).toBeNull();
  });

  it('when a folder of it is a link to another place of ours: a bigger disk', async () => {
    const place = await elsewhere();
    await symlink(place, places.backups);
    expect(await told()).toBeNull();
    await rm(places.root, { recursive: true });
    await symlink(place, places.root);
    expect(await told()).toBeNull();
  });

  it('below a folder where everybody may make something and nobody may rename it', async () => {
    await chmod(join(folder, 'state'), 0o1777);
    expect(await told()).toBeNull();
  });
});

describe('it is not, and that is said with what to do,', () => {
  const cases: readonly (readonly [string, () => Promise<void>, RegExp])[] = [
    ['everybody can write to', async () => await chmod(places.root, 0o777), /shop can be written by every user/],
    [
      'everybody can rename',
      async () => await chmod(join(folder, 'state'), 0o777),
      /state can be written by every user/,
    ],
    [
      'everybody can write to behind a link',
      async () => await symlink(await elsewhere(0o777), places.backups),
      /backups can be written by every user/,
    ],
    [
      'leads nowhere',
      async () => await symlink(join(folder, 'none'), places.logs),
      /logs is a symbolic link that leads nowhere/,
    ],
    [
      'leads to itself',
      async () => await symlink('reports', places.reports),
      /reports is a symbolic link that leads nowhere/,
    ],
    [
      'has a link for its lock',
      async () => await symlink('/etc/hostname', places.lock),
      /lock is a symbolic link, and not a file/,
    ],
    [
      'has a link for its journal',
      async () => await symlink('/etc/hostname', places.journal),
      /journal\.jsonl is a symbolic link/,
    ],
    [
      'has a folder for its journal',
      async () => void (await mkdir(places.journal)),
      /journal\.jsonl is a folder, and not a file/,
    ],
    [
      'has a folder for `current`',
      async () => void (await mkdir(places.current)),
      /current is a folder, and not the symbolic link/,
    ],
    [
      'has a journal that everybody can write',
      async () => {
        await writeFile(places.journal, '');
        await chmod(places.journal, 0o666);
      },
      /journal\.jsonl can be written by every user/,
    ],
  ];
  it.each(cases)('that %s', async (_what, make, expected) => {
    await make();
    const problem = await distrust(places, userInfo());
    expect(problem?.message).toMatch(/^The state folder can not be trusted: \//);
    expect(problem?.message).toMatch(expected);
    expect(problem?.hint).toMatch(/^Nothing was touched\. /);
  });

  // To give a file away one has to be root.
  const ofNobody: readonly (readonly [string, () => Promise<void>])[] =
    userInfo().uid !== 0
      ? []
      : [
          ['belongs to another user', async () => await chown(places.root, 65_534, 65_534)],
          [
            'has a link that another user made',
            async () => {
              await symlink(await elsewhere(), places.releases);
              await lchown(places.releases, 65_534, 65_534);
            },
          ],
          [
            'leads into a folder of another user',
            async () => {
              const place = await elsewhere();
              await chown(place, 65_534, 65_534);
              await symlink(place, places.files);
            },
          ],
          [
            'has a lock of another user',
            async () => {
              await writeFile(places.lock, '');
              await chown(places.lock, 65_534, 65_534);
            },
          ],
        ];
  it.each(ofNobody)('that %s', async (_what, make) => {
    await make();
    const problem = await distrust(places, { uid: 1000, username: 'runner' });
    expect(problem?.message).toMatch(/belongs to the user 65534, and this is runner \(1000\)\.$/);
    expect(problem?.hint).toMatch(/Run this as that user, give the folder to yours/);
    // Root looks after the folders of others: at boot, or in a job's container.
    expect(await distrust(places, { uid: 0, username: 'root' })).toBeNull();
  });
});
