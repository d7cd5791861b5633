import { expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/request/nearest.ts';

it.each([
  ['covrage-minimum', ['coverage-report', 'coverage-minimum'], 'coverage-minimum'],
  ['Start_Timeout', ['start-timeout'], 'start-timeout'],
  ['serivces', ['services', 'service'], 'services'],
  ['on', ['true', 'false'], 'true'],
  ['banana', ['build', 'backup'], null],
  ['', ['to'], null],
])('%j among %j is %j', (given, candidates, expected) => {
  expect(nearest(given, candidates)).toBe(expected);
});

it.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['kitten', 'sitting', 3],
  ['ab', 'ba', 1],
  ['🚀a', 'a', 1],
])('from %j to %j it is %i', (left, right, distance) => {
  expect(editDistance(left, right)).toBe(distance);
  expect(editDistance(right, left)).toBe(distance);
});
