import { isTelling, passwordIn, plainAndDecoded } from './named-secrets.ts';
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

/** From this length on a secret is also noticed inside a longer value, such as a database URL. */
const telling = 8;

/** Whether a value is one of these secrets, or has one in it that is long enough to be no accident. */
export function holdsSecret(value: string, secrets: readonly string[]): boolean {
  return secrets
    .map((secret) => secret.trim())
    .filter((secret) => secret.length > 2 && secret !== 'true' && secret !== 'false')
    .some((secret) => value.trim() === secret || (secret.length >= telling && value.includes(secret)));
}

/** What an address lets somebody in by: a password, a value of its query, a part of its path that nobody would make up. */
function keysIn(value: string): string[] {
  // Of a database, say. A library that fails to reach it may print the parts that it took apart.
  if (!/^https?:\/\//i.test(value)) return passwordIn(value).filter(isTelling);
  if (!URL.canParse(value)) return [];
  const { password, searchParams, pathname } = new URL(value);
  const made = pathname.split('/').filter((part) => part.length >= 12 && /\d/.test(part));
  return [password, ...searchParams.values(), ...made].filter((part) => part.length >= 6).flatMap(plainAndDecoded);
}
