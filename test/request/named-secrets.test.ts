import { expect, it } from 'vitest';
import { namedSecrets } from '../../src/request/named-secrets.ts';

it.each([
  ['POSTGRES_PASSWORD', 'hunter2hunter2'],
  ['PGPASSWORD', 'correct-horse'],
  ['JWT_SECRET', 'k4x9Tz1bC2d'],
  ['GITHUB_TOKEN', 'ghs_16C7e42F292c6912E7'],
  ['SECRET_KEY_BASE', 'a1b2c3d4e5'],
  ['AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG'],
  ['STRIPE_API_KEY', 'sk_live_51Abc'],
  ['RELAY_PASS', 'pa55-pa55'],
])('%s is secret by its name', (name, value) => {
  expect(namedSecrets({ [name]: value })).toEqual([value]);
});

it.each([
  ['a plain word', 'POSTGRES_PASSWORD', 'postgres'],
  ['a short one', 'DB_PASSWORD', 'pa55'],
  ['a file', 'POSTGRES_PASSWORD_FILE', '/run/secrets/db-1'],
  ['a path', 'SECRET', '/run/secrets/db-1'],
  ['what is about a secret', 'TOKEN_TTL_MINUTES', '60-minutes'],
  ['a name', 'SECRET_NAME', 'shop-secret-1'],
  ['anything else', 'VERSION', 'v1.2.3-rc1'],
  ['the folder', 'PWD', 'srv-1/shop-2'],
  ['nothing', 'TOKEN', null],
])('%s is not', (_what, name, value) => {
  expect(namedSecrets({ [name]: value })).toEqual([]);
});

it.each([
  ['postgres://app:pa55-w0rd@db:5432/shop', ['pa55-w0rd']],
  ['postgresql+asyncpg://app:p%40ss-w0rd@db/shop', ['p%40ss-w0rd', 'p@ss-w0rd']],
  ['mongodb://app:p@ss/w0rd@db/shop', ['p@ss/w0rd']],
  ['redis://:k4x9-Tz1bC2d@cache:6379/0', ['k4x9-Tz1bC2d']],
  ['postgres://postgres:postgres@db/shop', []],
  ['http://a.example/@someone', []],
])('of %s, in whatever variable, the password', (url, secrets) => {
  expect(namedSecrets({ DATABASE: url })).toEqual(secrets);
});
