import { readdirSync, readFileSync } from 'node:fs';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { backupKinds } from '../../src/request/backup-entry.ts';
import { InvalidRequestError } from '../../src/request/invalid-request.ts';
import { settingsSchemaText } from '../../src/request/json-schema.ts';
import { docsOf, isRequestKey, type RequestKey, requestKeys } from '../../src/request/schema.ts';
import { request } from './sources.ts';

const root = new URL('../../', import.meta.url);
const bySchema = new Ajv({ strict: true, allowUnionTypes: true, strictRequired: false, strictTypes: false }).compile(
  JSON.parse(settingsSchemaText()),
);

/** Whether the parser takes each value for itself; what keys are to one another is not a schema's to know. */
async function byParser(text: string): Promise<boolean> {
  try {
    await request({ files: { 'homeport.yml': text }, environment: { NUMBER: '5', WORD: 'shop' } });
    return true;
  } catch (error) {
    if (!(error instanceof InvalidRequestError)) throw error;
    return error.problems.every(({ expected }) => /beside it|belongs to|that `command: restore`/.test(expected));
  }
}

describe('the JSON Schema of homeport.yml', () => {
  it('is up to date in dist/', () => {
    expect(readFileSync(new URL('dist/homeport.schema.json', root), 'utf8')).toBe(settingsSchemaText());
  });

  it('describes every key that the file can have, and no other', () => {
    const { properties } = JSON.parse(settingsSchemaText());
    expect(Object.keys(properties)).toEqual(requestKeys.filter((key) => key !== 'config'));
    expect(properties['backup-keep']).toMatchObject({ default: '7d', description: expect.stringContaining('7d') });
    expect(properties['keep-releases']).toMatchObject({ default: 5 });
    expect(properties.build).toMatchObject({ default: true });
    expect(JSON.stringify(properties.timeout)).not.toContain('600000');
  });

  it.each(readdirSync(new URL('examples/', root)))('accepts that of examples/%s', (name) => {
    const text = readFileSync(new URL(`examples/${name}/homeport.yml`, root), 'utf8');
    expect(bySchema(parse(text)), JSON.stringify(bySchema.errors)).toBe(true);
  });

  it('knows of each kind of backup what it needs', async () => {
    for (const kind of backupKinds) {
      for (const more of ['', ', path: /data/app.db', ', user: me', ', database: app', ', path: /x, user: me']) {
        const text = `backup: [{service: db, kind: ${kind}${more}}]`;
        expect(bySchema(parse(text)), text).toBe(await byParser(text));
      }
    }
  });
});

const good = [
  '{}',
  'project: shop',
  'project: ${WORD}',
  'project: " shop "',
  'compose-file: compose.yaml',
  'compose-file: [compose.yaml, compose.prod.yaml]',
  'compose-file: |\n  compose.yaml\n  compose.prod.yaml',
  'secrets: {A: 1, B: two, C: true}',
  'secrets: |\n  A=1',
  'backup: none',
  'backup: ${BACKUP:-auto}',
  'backup: [{service: db, kind: postgres, database: app, user: me}]',
  'backup: "- {service: db, kind: postgres}"',
  'backup-required: true',
  'backup-required: "true"',
  'backup-keep: 1.5h',
  'backup-keep: 0s',
  'tests: {unit: npm test, slow: {command: make slow, timeout: 5m}}',
  'tests: "unit: npm test"',
  'tests:',
  'coverage-minimum: 0',
  'coverage-minimum: "70.5"',
  'coverage-minimum: ${NUMBER}',
  'budgets: {tokens: {command: ./tokens.sh, maximum: -0.5}}',
  'build-args: {VERSION: 1}',
  'migrate: {web: "npx prisma migrate deploy"}',
  'startup-wait: 0s',
  'minimum-free-disk: 512MiB',
  'smoke: [{http: "http://localhost:8080/health", status: 200, body: /ok/i, header: {content-type: /json/}}]',
  'smoke: [{http: "web:3000", json: {a: {b: [1, null]}}, under: 500ms, retries: 0, insecure: false}]',
  'smoke: [{http: "http://x/", redirects: follow}, {http: "web:1/", redirects: "302"}]',
  'smoke: [{exec: {service: web, command: [node, check.js]}, timeout: 1m}]',
  'smoke: [{run: ./smoke.sh}, {tcp: "db:5432"}, {database: db}, {telegram: true}]',
  'smoke: [{resources: {memory: 90%, cpu: 100%, disk: 8.5 %, restarts: 0}}]',
  'smoke: [{tcp: "localhost:${PORT:-5432}", interval: "${EVERY:-2s}"}]',
  'telegram-chat: -1001234567890\ntelegram-token: ${WORD}',
  'telegram-api-url: HTTPS://telegram.example.org/bots',
  'registry-url: http://registry.example.org:8000/v1',
  'metrics-file: /var/lib/node-exporter/shop.prom',
  'command: status',
];

const bad = [
  '[]',
  'projekt: shop',
  'project: Shop',
  'project: [shop]',
  'working-directory: 5',
  'config: other.yml',
  'compose-file: {a: b}',
  'compose-file: [""]',
  'secrets: {A-B: 1}',
  'secrets: {A: [1]}',
  'backup: sometimes',
  'backup: {service: db, kind: postgres}',
  'backup: [{service: db}]',
  'backup: [{service: db, kind: oracle}]',
  'backup: [{service: db, kind: sqlite}]',
  'backup: [{service: db, kind: postgres, path: /x}]',
  'backup: [{service: db, kind: postgres, password: x}]',
  'backup-required: yes',
  'backup-required: 1',
  'backup-verify: full',
  'backup-keep: 7',
  'backup-keep: 7 days',
  'tests: npm test',
  'tests: [npm test]',
  'tests: {unit: ""}',
  'tests: {unit: {command: make}, e2e: {timeout: 5m}}',
  'tests: {unit: {command: make, timeout: 0s}}',
  'coverage-minimum: 101',
  'coverage-minimum: -1',
  'coverage-minimum: 70%',
  'budgets: {tokens: {command: ./tokens.sh}}',
  'budgets: {tokens: {command: ./tokens.sh, maximum: 5k}}',
  'skip-tests: "no"',
  'migrate: {web: [a, b]}',
  'start-timeout: 0s',
  'minimum-free-disk: 10GB',
  'smoke: {http: "http://x/"}',
  'smoke: [http]',
  'smoke: [{htpp: "http://x/"}]',
  'smoke: [{http: "http://x/", tcp: "x:1"}]',
  'smoke: [{http: "http://x/", status: 99}]',
  'smoke: [{http: "http://x/", header: {}}]',
  'smoke: [{http: "http://x/", json: {}}]',
  'smoke: [{http: "http://x/", retries: 1.5}]',
  'smoke: [{exec: {service: web}}]',
  'smoke: [{exec: {service: web, command: []}}]',
  'smoke: [{tcp: db}]',
  'smoke: [{telegram: false}]',
  'smoke: [{resources: {}}]',
  'smoke: [{resources: {memory: 0.9}}]',
  'smoke: [{resources: {memory: 101%}}]',
  'keep-releases: 0',
  'keep-releases: 2.5',
  'telegram-thread: 0',
  'telegram-api-url: ftp://x',
  'registry-url: nowhere',
  'registry-url: https://',
  'registry-url: http://me:secret@registry.example.org',
  'registry-url: http://registry.example.org/?a=b',
  'metrics-file: shop.txt',
  'notify: sometimes',
  'command: explode',
];

/** What the schema's description says that it can't see. */
const onlyTheParser = [
  'smoke: "- {htpp: x}"',
  'tests: "unit: [1]"',
  'project: ${NOWHERE}',
  'project: ${SHOP:-My Shop}',
  'coverage-minimum: "101"',
  'timeout: 25d',
  'smoke: [{http: "http://x/", body: "/(/"}]',
  'smoke: [{http: "web:3000/", insecure: true}]',
];

describe('the schema and the parser', () => {
  it.each(good)('both take %j', async (text) => {
    expect({ schema: bySchema(parse(text)), parser: await byParser(text) }).toEqual({ schema: true, parser: true });
  });

  it.each(bad)('both refuse %j', async (text) => {
    expect({ schema: bySchema(parse(text)), parser: await byParser(text) }).toEqual({ schema: false, parser: false });
  });

  it.each(onlyTheParser)('differ on %j, as the schema says', async (text) => {
    expect({ schema: bySchema(parse(text)), parser: await byParser(text) }).toEqual({ schema: true, parser: false });
  });

  it('say the same of every key with every kind of value', async () => {
    const values = [
      ...[null, '', ' ', true, false, 0, 1, 5, 70.5, -1, 1e9, '5', '-5', '0.5', 'true', 'yes', 'x', 'a b', 'none'],
      ...['7d', '0s', '90 s', '10GiB', '10 GB', '50%', 'http://x.example', 'https://', '/a/b.prom', 'db:5432'],
      ...[[], ['a'], [''], [1], {}, { a: 'b' }, { a: 1 }, { a: '' }, { a: null }, { 'a-b': 'c' }, [{ run: 'x' }]],
      ...['${NUMBER}', '${WORD:-x}', '${', '$5', 'a: b', '- a', '[]'],
    ];
    // What the schema's description says: YAML and assignments in texts, variables, numbers that are written as texts.
    const inside = (key: RequestKey, value: unknown) =>
      typeof value === 'string' &&
      (['yaml', 'lines'].includes(docsOf(key).form ?? '') || value.includes('${') || value === '0.5');
    const differing: unknown[] = [];
    for (const key of requestKeys) {
      for (const value of values) {
        const schema = bySchema({ [key]: value });
        const parser = await byParser(JSON.stringify({ [key]: value }));
        if (schema !== parser && !(schema && inside(key, value))) differing.push({ [key]: value, schema, parser });
      }
    }
    expect(differing).toEqual([]);
  });

  it('are of one mind on what is no key', () => {
    expect(isRequestKey('strategy') ? true : bySchema({ strategy: 'rolling' })).toBe(isRequestKey('strategy'));
  });
});
