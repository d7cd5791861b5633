import { expect, it } from 'vitest';
import { likelyDuration, likelySize, parseDuration, parseSize } from '../../src/request/units.ts';

it.each([
  ['500ms', 500],
  ['90s', 90_000],
  ['1.5h', 5_400_000],
  ['7d', 604_800_000],
  ['', null],
  ['-3s', null],
  ['3', null],
  ['3 s', null],
  ['1e3s', null],
])('the duration %j is %j ms', (text, milliseconds) => {
  expect(parseDuration(text)).toBe(milliseconds);
});

it.each([
  ['512MiB', 536_870_912],
  ['1.5GiB', 1_610_612_736],
  ['10GB', null],
  ['-1MiB', null],
  ['5', null],
])('the size %j is %j bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

it.each([
  ['10 min', '10m'],
  ['90sec', '90s'],
  ['5 minutes', '5m'],
  ['100 millis', '100ms'],
  ['2H', '2h'],
  ['7 days', '7d'],
  ['90', null],
  ['soon', null],
])('%j was probably meant to be the duration %j', (text, likely) => {
  expect(likelyDuration(text)).toBe(likely);
});

it.each([
  ['10GB', '10GiB'],
  ['10 g', '10GiB'],
  ['512mib', '512MiB'],
  ['lots', null],
])('%j was probably meant to be the size %j', (text, likely) => {
  expect(likelySize(text)).toBe(likely);
});
