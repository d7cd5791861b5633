/** In a variable's name: its value lets somebody in. */
const telling =
  /PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|(?:API|ACCESS|PRIVATE|SIGNING|ENCRYPTION)_?KEY|(?:^|_)(?:PASS|KEY)$/i;
/** The variable is about a secret, and isn't one: `POSTGRES_PASSWORD_FILE`, `TOKEN_TTL`. */
const about = /_(?:FILE|PATH|DIR|NAME|ID|SOCK|URL|URI|TYPE|TTL|LENGTH|LIMIT|MINUTES|SECONDS|HOURS|DAYS)$/i;
/** Characters. */
const shortest = 8;

/**
 * What nobody may read among variables of which nobody said that they are secret: values by their names, and passwords in
 * addresses. Plain words (`postgres`) and paths are left out: hiding those would blank out half of any log.
 */
export function namedSecrets(variables: Readonly<Record<string, string | null | undefined>>): string[] {
  return Object.entries(variables).flatMap(([name, value]) => {
    if (value === null || value === undefined) return [];
    const named = telling.test(name) && !about.test(name) && !value.startsWith('/') ? [value] : [];
    return [...named, ...passwordIn(value)].filter(isTelling);
  });
}

/** The password of an address such as `postgres://app:pa55@db/shop`, as it stands there and decoded. */
export function passwordIn(address: string): string[] {
  const [, password] = /^[a-z][a-z0-9+.-]*:\/\/[^:@/\s]*:([^\s]+)@[^@\s]*$/i.exec(address.trim()) ?? [];
  return password === undefined ? [] : plainAndDecoded(password);
}

/** Whether it is long, and no plain word: of two kinds of characters at least. */
export function isTelling(value: string): boolean {
  const kinds = [/[a-z]/, /[A-Z]/, /\d/, /[^a-zA-Z0-9]/].filter((kind) => kind.test(value));
  return value.length >= shortest && kinds.length > 1;
}

/** Also decoded, where it is URL-encoded. */
export function plainAndDecoded(part: string): string[] {
  try {
    return [...new Set([part, decodeURIComponent(part)])];
  } catch {
    return [part];
  }
}
