import { readFileSync } from 'node:fs';

/** One rule a line. Read each time, so that the house may change them. */
export function houseRules() {
  const text = readFileSync(new URL('../house-rules.txt', import.meta.url), 'utf8');
  return text.split('\n').filter((line) => line.trim() !== '');
}
