import { stringify } from 'yaml';
import type { RequestKey } from '../request/schema.ts';

export interface Section {
  readonly key: RequestKey;
  /** Left out where it is `undefined` or empty. */
  readonly value: unknown;
  /** What stands in its place then. */
  readonly instead?: string;
}

const schema = 'https://raw.githubusercontent.com/homeport-dev/homeport/v1/dist/homeport.schema.json';

/** `homeport.yml`, with what was found and what was not in a comment at its top. */
export function writeSettings(options: {
  sections: readonly Section[];
  found: readonly string[];
  missing: readonly string[];
}): string {
  const head = [
    `# yaml-language-server: $schema=${schema}`,
    '#',
    '# Written by `homeport init`. Look it through: `homeport config` shows what it comes to, `homeport plan` what would happen.',
    '#',
    ...listed('Found:', options.found),
    ...listed('Not found, or to be looked at:', options.missing),
  ];
  const body = options.sections.map(({ key, value, instead }) =>
    isEmpty(value) ? (instead ?? '') : stringify({ [key]: value }, { lineWidth: 0 }),
  );
  return [`${head.join('\n')}\n`, ...body.filter((text) => text !== '')].join('\n');
}

/** As lines of a comment: no text of the repository can end it. */
export function listed(title: string, items: readonly string[]): string[] {
  if (items.length === 0) return [];
  return [`# ${title}`, ...items.map((item) => `#   - ${oneLine(item)}`)];
}

export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ');
}

function isEmpty(value: unknown): boolean {
  return value === undefined || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
}
