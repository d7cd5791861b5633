import { type Request, secretKeys } from './schema.ts';

/** All that nobody may read in a request: to be taken out of whatever is printed. */
export function secretValues(request: Request): string[] {
  return secretsFrom((key) => request[key]);
}

/** The same of a request that isn't whole yet. */
export function secretsFrom(take: (key: (typeof secretKeys)[number]) => unknown): string[] {
  return secretKeys.flatMap((key) => {
    const value = take(key);
    if (value === undefined || value === null) return [];
    return typeof value === 'object' ? Object.values(value).map(String) : [String(value)];
  });
}
