import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { placesOf } from '../../src/deployment/places.ts';
import { findReport, readReports, renderHistory, renderStatus, type Status } from '../../src/deployment/status.ts';
import { localHost, temporaryFolder } from '../hosts/support.ts';
import { report as reportLike } from '../support/reports.ts';

const status: Status = {
  project: 'shop',
  state_folder: '/state/shop',
  release: 'r2',
  commit: 'f'.repeat(40),
  good_since: '2025-11-21T10:15:00.000Z',
  previous_release: 'r1',
  containers: [
    {
      service: 'web',
      name: 'w',
      state: 'running',
      health: 'healthy',
      image_id: 'sha256:0123456789abcdef',
      as_recorded: true,
    },
    {
      service: 'db',
      name: 'd',
      state: 'exited',
      health: 'none',
      image_id: 'sha256:fedcba9876543210',
      as_recorded: false,
    },
  ],
  last_backup: { file: '/b/db.dump', created_at: '2025-11-21T10:00:00.000Z', verified: 'restore' },
  last_deployment: { id: 'r2', status: 'success' },
};

describe('the status, for people', () => {
  it('tells what runs, and what is not as it was recorded', () => {
    const lines = renderStatus(status).split('\n');
    expect(lines[0]).toBe('shop: release r2, commit fffffff');
    expect(lines[1]).toBe('good since 2025-11-21T10:15:00.000Z; before it: r1');
    expect(lines[2]).toMatch(/^ {2}web +running +healthy +0123456789ab$/);
    expect(lines[3]).toMatch(/^ {2}db +exited +none +fedcba987654 {2}NOT as recorded$/);
    expect(lines[4]).toBe('last deployment: r2 (success)');
    expect(lines[5]).toBe('last backup: /b/db.dump (verified: restore)');
  });

  it('tells that nothing is there yet', () => {
    const nothing = { release: null, commit: null, good_since: null, previous_release: null, containers: [] };
    const text = renderStatus({ ...status, ...nothing, last_backup: null, last_deployment: null });
    expect(text).toContain('shop: no release\n  no containers\n');
    expect(text).toContain('last deployment: none\nlast backup: none\n');
  });

  it('tells that there is no release before the first one', () => {
    expect(renderStatus({ ...status, previous_release: null })).toContain('before it: none');
  });
});

describe('the history, for people', () => {
  it('has a line a deployment, with the first line of what said no', () => {
    const error = { stage: 'smoke', message: 'It did not answer.\nAt all.', hint: '', excerpt: null };
    const bad = reportLike({ status: 'rolled_back', error, commit: null });
    const lines = renderHistory([reportLike({}), bad])
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(2);
    expect(lines[0]).toContain('success');
    expect(lines[1]).toMatch(/rolled_back .* It did not answer\.$/);
  });

  it('tells that nothing was deployed yet', () => {
    expect(renderHistory([])).toBe('Nothing was deployed yet.\n');
  });
});

describe('the reports of a project', () => {
  const host = localHost();

  it('are read oldest first; what is torn, of another version or no file at all is left out, and counted', async () => {
    const places = placesOf(temporaryFolder(), 'shop');
    await host.files.makeFolder(join(places.reports, 'folder.json'), 0o700);
    const texts = {
      'b.json': JSON.stringify(reportLike({ deployment: 'b' })),
      'a.json': JSON.stringify(reportLike({ deployment: 'a' })),
      'c.json': JSON.stringify(reportLike({ deployment: 'c' })).slice(0, -9),
      'd.json': '{"schema": 0}',
      'e.json': '',
      'f.draft': '{}',
    };
    for (const [name, text] of Object.entries(texts)) {
      await host.files.writeText(join(places.reports, name), text, 0o600);
    }
    const { reports, unreadable } = await readReports(host, places);
    expect(reports.map(({ deployment }) => deployment)).toEqual(['a', 'b']);
    expect(unreadable).toBe(3);
  });

  it('are none before the first deployment', async () => {
    expect(await readReports(host, placesOf(temporaryFolder(), 'shop'))).toEqual({ reports: [], unreadable: 0 });
  });
});

describe('the report that is asked for', () => {
  const host = localHost();

  async function recorded(...ids: readonly string[]) {
    const places = placesOf(temporaryFolder(), 'shop');
    await host.files.makeFolder(places.reports, 0o700);
    for (const id of ids) {
      await host.files.writeText(
        join(places.reports, `${id}.json`),
        JSON.stringify(reportLike({ deployment: id })),
        0o600,
      );
    }
    return places;
  }

  it.each([
    ['the newest one where none is named', undefined, 'b2'],
    ['by the beginning of its ID', 'a', 'a1'],
    ['by its whole ID, where another one begins with it', 'b', 'b'],
  ])('is %s', async (_what, id, found) => {
    const places = await recorded('a1', 'b', 'b2');
    expect((await findReport(host, places, id)).deployment).toBe(found);
  });

  it.each([
    ['is not there', 'c', 'There is no report c in', 'The last ones: a1, a2.'],
    ['could be several', 'a', 'a is the beginning of several reports.', 'The last ones: a1, a2.'],
  ])('that %s is refused with the last ones', async (_what, id, message, hint) => {
    const places = await recorded('a1', 'a2');
    await expect(findReport(host, places, id)).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint,
    });
  });

  it('is refused in plain words before the first deployment, and where a file is no report', async () => {
    const places = await recorded();
    await host.files.writeText(join(places.reports, 'torn.json'), '{"schema": 1', 0o600);
    await expect(findReport(host, places, undefined)).rejects.toMatchObject({ hint: 'Nothing was deployed yet.' });
  });
});
