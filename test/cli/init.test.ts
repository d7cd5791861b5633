import { symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkout } from './support.ts';

const files = { 'compose.yaml': 'services: {web: {image: "nginx:1", ports: ["8080:80"]}}\n' };
const workflow = '.github/workflows/deploy.yml';

describe('homeport init', () => {
  it('writes a workflow and a homeport.yml that the other commands take', async () => {
    const shop = await checkout(files);
    const { exitCode, stdout } = await shop.homeport(['init']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`wrote ${workflow}\nwrote homeport.yml\n`);
    expect(Object.keys(await shop.contents())).toEqual([workflow, 'compose.yaml', 'homeport.yml']);
    const config = await shop.homeport(['config', '--json']);
    expect(JSON.parse(config.stdout).smoke).toMatchObject({ value: [{ tcp: 'localhost:8080' }], from: 'homeport.yml' });
  });

  it('refuses to replace what is there, says which, and writes nothing; --force replaces it', async () => {
    const shop = await checkout({ ...files, 'homeport.yml': 'mine' });
    const refused = await shop.homeport(['init']);
    expect(refused.exitCode).toBe(7);
    expect(refused.stderr).toContain('homeport.yml is there already. Nothing was written.');
    expect(await shop.contents()).toEqual({ ...files, 'homeport.yml': 'mine' });

    expect((await shop.homeport(['init', '--force'])).exitCode).toBe(0);
    const after = await shop.contents();
    expect(after['homeport.yml']).toContain('smoke:');
    const both = await shop.homeport(['init']);
    expect(both.stderr).toContain(`${workflow} and homeport.yml are there already.`);
  });

  it('takes a link that leads nowhere for a file that is there', async () => {
    const shop = await checkout(files);
    await symlink('/nonexistent/elsewhere', join(shop.folder, 'homeport.yml'));
    const refused = await shop.homeport(['init']);
    expect(refused.stderr).toContain('homeport.yml is there already');
  });

  it('prints both and writes nothing with --print, whatever is there', async () => {
    const shop = await checkout({ ...files, 'homeport.yml': 'mine' });
    const { exitCode, stdout } = await shop.homeport(['init', '--print']);
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`# --- ${workflow}\n`);
    expect(stdout).toContain('# --- homeport.yml\n');
    expect(stdout).toContain('uses: homeport-dev/homeport@v1');
    expect(await shop.contents()).toEqual({ ...files, 'homeport.yml': 'mine' });
  });

  it('writes the settings where the compose file of a monorepo is, and the workflow at the top', async () => {
    const shop = await checkout({ 'apps/shop/compose.yaml': files['compose.yaml'], 'apps/blog/compose.yaml': '' });
    const outcome = await shop.homeport(['init', '--working-directory', 'apps/shop', '--project', 'shop']);
    expect(outcome.exitCode, outcome.output).toBe(0);
    const after = await shop.contents();
    expect(after['apps/shop/homeport.yml']).toContain('project: shop\n');
    expect(after[workflow]).toContain('working-directory: apps/shop\n');
  });

  it.each([
    ['there is no compose file', {}, [], 7, 'There is no compose file in'],
    ['it is not valid', { 'compose.yaml': 'services: {web: [}\n' }, [], 7, 'compose.yaml is not valid YAML'],
    ['a named file is missing', files, ['--compose-file', 'prod.yml'], 64, 'There is no compose file prod.yml'],
    ['the folder is missing', files, ['--working-directory', 'nowhere'], 64, '`working-directory`: there is no folder'],
    ['a flag is malformed', files, ['--project', 'My Shop'], 64, 'project (flag): got `My Shop`, expected lower-case'],
    ['a flag is not its own', files, ['--timeout', '5m'], 64, "unknown option '--timeout'"],
  ])('says what is wrong where %s', async (_, given, words, code, message) => {
    const shop = await checkout(given);
    const outcome = await shop.homeport(['init', ...words]);
    expect(outcome.stderr).toContain(message);
    expect(outcome.exitCode).toBe(code);
    expect(outcome.stderr).not.toMatch(/did not foresee|^\s+at /m);
    expect(await shop.contents()).toEqual(given);
  });

  it('says so outside of a git repository', async () => {
    const shop = await checkout(files);
    const outcome = await shop.homeport(['init', '--working-directory', '/']);
    expect(outcome.exitCode).toBe(7);
    expect(outcome.stderr).toContain('/ is in no git repository');
  });

  it('is not led astray by what a repository calls its things', async () => {
    const shop = await checkout({
      'compose.yaml': JSON.stringify({
        services: {
          'a\nsmoke: [{run: evil}]': { image: 'postgres:15\nevil: 1', ports: ['8080:80'] },
          __proto__: { image: 'mysql' },
          b: { build: '../../..', env_file: '../../../etc/passwd', extends: 'b', ports: 'no', healthcheck: [] },
          c: { extends: { file: '../../../../etc/passwd', service: 'root' }, image: 5 },
        },
        include: ['../outside.yaml', 'compose.yaml'],
      }),
      'a ${{ github.token }} $b/package.json':
        '{"scripts": {"test": "vitest"}, "devDependencies": {"@vitest/coverage-v8": "3"}}',
    });
    const outcome = await shop.homeport(['init']);
    expect(outcome.exitCode, outcome.output).toBe(0);
    const config = await shop.homeport(['config', '--json']);
    expect(config.exitCode, config.output).toBe(0);
    const keys = JSON.parse(config.stdout);
    expect(keys['coverage-report'].value).toEqual(['a ${{ github.token }} $b/coverage/lcov.info']);
    expect(JSON.stringify(keys.smoke.value)).not.toContain('run');
    expect(keys).not.toHaveProperty('evil');
  });
});
