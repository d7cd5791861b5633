import { readFileSync } from 'node:fs';

/**
 * What the shop sells and for how much, from the file that is mounted into both services. Throws with what is wrong in
 * it: a shop that can't tell its prices must not open.
 */
export function readConfig(path) {
  const config = JSON.parse(readFileSync(path, 'utf8'));
  const problems = [];
  if (typeof config.shop !== 'string' || config.shop === '') problems.push('`shop` is no name');
  if (!(typeof config.taxPercent === 'number' && config.taxPercent >= 0 && config.taxPercent < 100))
    problems.push('`taxPercent` is no percentage');
  const prices = Object.entries(config.prices ?? {});
  if (prices.length === 0) problems.push('`prices` is empty');
  for (const [item, cents] of prices) {
    if (!Number.isInteger(cents) || cents <= 0) problems.push(`the price of \`${item}\` is no number of cents`);
  }
  if (problems.length > 0) throw new Error(`${path}: ${problems.join(', ')}`);
  return config;
}

/** What so many of an item cost with tax, in cents; `undefined` for what the shop doesn't sell. */
export function totalCents(config, item, quantity) {
  if (!Object.hasOwn(config.prices, item)) return undefined;
  return Math.round(config.prices[item] * quantity * (1 + config.taxPercent / 100));
}
