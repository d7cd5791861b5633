import { docsOf, type RequestKey, requestShape } from './schema.ts';

/**
 * The default as a person would write it into homeport.yml (`7d`, `true`, 5); `undefined` where a key that isn't given
 * means nothing, everything, or what is found out later: the docs have words for that.
 */
export function writtenDefault(key: RequestKey): string | number | boolean | undefined {
  const value: unknown = requestShape[key].parse(undefined);
  const { default: written } = docsOf(key);
  if (written === undefined || value === undefined || isEmpty(value)) return undefined;
  if (typeof value === 'boolean') return written === 'true';
  return typeof value === 'number' && /^\d+$/.test(written) ? Number(written) : written;
}

function isEmpty(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length === 0;
}
