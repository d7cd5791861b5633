import { type Request, type RequestKey, secretKeys } from './schema.ts';

/** All that nobody may read in a request: to be taken out of whatever is printed. */
export function secretValues(request: Request): string[] {
  return secretsFrom((key) => request[key]);
}

/** The same of a request that isn't whole yet. */
export function secretsFrom(take: (key: RequestKey) => unknown): string[] {
  const values = secretKeys.flatMap((key) => {
    const value = take(key);
    if (value === undefined || value === null) return [];
    return typeof value === 'object' ? Object.values(value).map(String) : [String(value)];
  });
  return values.flatMap((value) => [value, ...keysIn(value)]);
}

/** What an address lets somebody in by: a password, a value of its query, a part of its path that nobody would make up. */
function keysIn(value: string): string[] {
  if (!/^https?:\/\//i.test(value) || !URL.canParse(value)) return [];
  const { password, searchParams, pathname } = new URL(value);
  const made = pathname.split('/').filter((part) => part.length >= 12 && /\d/.test(part));
  return [password, ...searchParams.values(), ...made].filter((part) => part.length >= 6).flatMap(plainAndEncoded);
}

function plainAndEncoded(part: string): string[] {
  try {
    return [...new Set([part, decodeURIComponent(part)])];
  } catch {
    return [part];
  }
}
