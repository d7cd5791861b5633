import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { checkout } from './support.ts';

const said = z.record(
  z.string(),
  z.strictObject({
    value: z.unknown(),
    origin: z.enum(['flag', 'environment', 'file', 'default']),
    from: z.string(),
  }),
);

const settings = `
project: shop
timeout: \${LIMIT:-5m}
tests: {unit: "echo $HOME \${NOT_OURS}"}
smoke: ["http": "http://me:hunter22@localhost:\${PORT}/health", {tcp: "\${CACHE_PASSWORD}:1"}]
secrets: {API: "\${API_VALUE}"}
`;

describe('homeport config', () => {
  it('prints each key with its value and where that came from', async () => {
    const shop = await checkout({ 'homeport.yml': settings, '.env': 'PORT=8080\nCACHE_PASSWORD=abcdef' });
    const { stdout, exitCode } = await shop.homeport(
      ['config', '--json', '--timeout', '3m', '--profiles', 'a', '--profiles', 'b', '--telegram-chat', '5'],
      { HOMEPORT_TELEGRAM_TOKEN: '123:planted', API_VALUE: 'planted-too' },
    );
    expect(exitCode).toBe(0);
    const keys = said.parse(JSON.parse(stdout));
    expect(keys).toMatchObject({
      project: { value: 'shop', origin: 'file', from: 'homeport.yml' },
      timeout: { value: '3m', origin: 'flag', from: '--timeout' },
      profiles: { value: ['a', 'b'], origin: 'flag', from: '--profiles' },
      'telegram-token': { value: '***', origin: 'environment', from: 'HOMEPORT_TELEGRAM_TOKEN' },
      'backup-keep': { value: '7d', origin: 'default' },
      'keep-releases': { value: 5, origin: 'default' },
      services: { value: null, origin: 'default', from: 'all' },
      tests: { value: { unit: 'echo $HOME ${NOT_OURS}' }, origin: 'file' },
      secrets: { value: { API: '***' }, origin: 'file' },
    });
    expect(keys.smoke?.value).toEqual([{ http: 'http://me:***@localhost:8080/health' }, { tcp: '***:1' }]);
    expect(stdout).not.toMatch(/planted|hunter22|abcdef/);
    expect(Object.keys(keys)).not.toContain('to');
  });

  it('prints a settings file that says the same, with a comment on where it is from', async () => {
    const shop = await checkout({ 'homeport.yml': 'timeout: ${LIMIT:-5m}\nmigrate: {web: make migrate}\n' });
    const { stdout } = await shop.homeport(['config', '--no-build']);
    expect(parse(stdout)).toMatchObject({
      timeout: '5m',
      migrate: { web: 'make migrate' },
      build: false,
      notify: 'always',
    });
    expect(stdout).toMatch(/^timeout: 5m +# homeport\.yml$/m);
    expect(stdout).toMatch(/^build: false +# --build$/m);
    expect(stdout).toMatch(/^# webhook-secret: none +# default$/m);

    const again = await checkout({ 'homeport.yml': stdout });
    const second = await again.homeport(['config']);
    expect(second.exitCode, second.output).toBe(0);
    expect(parse(second.stdout)).toEqual(parse(stdout));
  });

  it('tells a secret that came from a file by its flag, and shows nothing of it', async () => {
    const shop = await checkout({ token: 'ghp_planted' });
    const { stdout } = await shop.homeport(['config', '--github-token-file', 'token', '--environment', 'production']);
    expect(stdout).toMatch(/^github-token: "\*\*\*" +# --github-token-file$/m);
    expect(stdout).not.toContain('planted');
  });

  it('refuses a bad request with the words of deploy and exit code 64', async () => {
    const shop = await checkout({ 'homeport.yml': 'timout: 5m\nsmoke: [{tcp: db}]' });
    const [config, deploy] = await Promise.all([
      shop.homeport(['config', '--coverage-minimum', '101']),
      shop.homeport(['deploy', '--coverage-minimum', '101']),
    ]);
    expect(config.exitCode).toBe(64);
    expect(config.stderr).toContain('did you mean `timeout`?');
    expect({ stderr: config.stderr, exitCode: config.exitCode }).toEqual({
      stderr: deploy.stderr,
      exitCode: deploy.exitCode,
    });
    expect(config.stdout).toBe('');
  });

  it('changes nothing', async () => {
    const shop = await checkout({ 'homeport.yml': 'project: shop' });
    const before = await shop.contents();
    expect((await shop.homeport(['config'])).exitCode).toBe(0);
    expect(await shop.contents()).toEqual(before);
  });
});
