import assert from 'node:assert/strict';
import { test } from 'node:test';
import { houseRules } from '../lib/house-rules.js';
import { renderPage } from '../lib/page.js';

test('the house rules are on the page', () => {
  assert.match(renderPage({ version: '3', rules: houseRules(), entries: [] }), /<li>Be kind\.<\/li>/);
});
