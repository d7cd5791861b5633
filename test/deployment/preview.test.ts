import { describe, expect, it } from 'vitest';
import { type Preview, renderPreview } from '../../src/deployment/preview.ts';

const preview: Preview = {
  project: 'shop',
  commit: 'f'.repeat(40),
  current: 'r1',
  stages: [
    { name: 'test', intent: 'run unit', skip: null },
    { name: 'migrate', intent: 'migrate', skip: 'no `migrate`' },
  ],
  databases: ['db/shop (postgres)'],
  services: ['web', 'db'],
  warnings: ['The variable A is not set.'],
  problem: null,
};

describe('a plan, for people', () => {
  it('has a line a stage, and says what is skipped and why', () => {
    expect(renderPreview(preview).split('\n')).toEqual([
      'Plan for shop at fffffff; running now: r1',
      '',
      '  test       run unit',
      '  migrate    skipped: no `migrate`',
      '',
      '  services   web, db',
      '  databases  db/shop (postgres)',
      '  WARNING    The variable A is not set.',
      '',
      'Nothing was changed.',
      '',
    ]);
  });

  it('says what is not known, and what would stop the deployment', () => {
    const problem = { message: 'Docker is not installed.', hint: 'Install it.', exitCode: 7 };
    const text = renderPreview({ ...preview, commit: null, current: null, databases: [], services: [], problem });
    expect(text).toContain('Plan for shop; running now: no release\n');
    expect(text).toContain('  services   unknown\n  databases  none that runs now\n');
    expect(text).toContain('would stop at once: Docker is not installed.\nInstall it.\nNothing was changed.\n');
  });
});
