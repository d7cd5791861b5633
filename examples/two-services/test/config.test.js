import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readConfig, totalCents } from '../lib/config.js';
import { config } from './support.js';

test('the configuration of this repository is a good one', () => {
  const own = readConfig(fileURLToPath(new URL('../config/app.json', import.meta.url)));
  assert.ok(totalCents(own, 'tea', 1) > 0);
});

test('a total has the tax in it, and is rounded to a cent', () => {
  assert.equal(totalCents(config, 'tea', 3), 330);
  assert.equal(totalCents(config, 'cake', 1), 281);
});

test('what the shop does not sell has no total', () => {
  assert.equal(totalCents(config, 'coffee', 1), undefined);
  assert.equal(totalCents(config, 'constructor', 1), undefined);
});

test('all that is wrong in a configuration is told at once', (context) => {
  const folder = mkdtempSync(join(tmpdir(), 'shop-'));
  context.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'app.json');
  writeFileSync(path, '{"taxPercent": "19", "prices": {"tea": -1}}');
  assert.throws(
    () => readConfig(path),
    /`shop` is no name, `taxPercent` is no percentage, the price of `tea` is no number of cents/,
  );
  writeFileSync(path, '{"shop": "A", "taxPercent": 100}');
  assert.throws(() => readConfig(path), /`taxPercent` is no percentage, `prices` is empty/);
});
