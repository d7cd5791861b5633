/** Characters of a value that people are shown. */
const mostShown = 120;

/**
 * Where JSON is not as expected, for people; `null` when it is. A map has to be there with at least these keys, a list
 * with exactly these items, anything else as the same value of the same type. A key that is not there itself is a path
 * (`checks.database`, `items.0.name`).
 */
export function jsonMismatch(actual: unknown, expected: Readonly<Record<string, unknown>>): string | null {
  return mapMismatch(actual, expected, '');
}

function mapMismatch(actual: unknown, expected: Readonly<Record<string, unknown>>, at: string): string | null {
  // A list is let through: `0` is a key of it.
  if (typeof actual !== 'object' || actual === null) return `${place(at)} is ${shown(actual)}, not a map`;
  for (const [key, wanted] of Object.entries(expected)) {
    const name = at === '' ? key : `${at}.${key}`;
    const found = valueAt(actual, key);
    const mismatch = found === null ? `there is no \`${name}\`` : valueMismatch(found.value, wanted, name);
    if (mismatch !== null) return mismatch;
  }
  return null;
}

function valueMismatch(actual: unknown, expected: unknown, at: string): string | null {
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return `${place(at)} is ${shown(actual)}, not a list`;
    if (actual.length !== expected.length) {
      return `${place(at)} has ${actual.length} items (expected ${expected.length})`;
    }
    for (const [index, item] of expected.entries()) {
      const mismatch = valueMismatch(actual[index], item, `${at}.${index}`);
      if (mismatch !== null) return mismatch;
    }
    return null;
  }
  if (isMap(expected)) return mapMismatch(actual, expected, at);
  return actual === expected ? null : `${place(at)} is ${shown(actual)} (expected ${shown(expected)})`;
}

function valueAt(value: unknown, key: string): { readonly value: unknown } | null {
  const own = property(value, key);
  if (own !== null || !key.includes('.')) return own;
  let current: unknown = value;
  for (const step of key.split('.')) {
    const next = property(current, step);
    if (next === null) return null;
    current = next.value;
  }
  return { value: current };
}

function property(value: unknown, key: string): { readonly value: unknown } | null {
  if (Array.isArray(value))
    return /^\d+$/.test(key) && Number(key) < value.length ? { value: value[Number(key)] } : null;
  return isMap(value) && Object.hasOwn(value, key) ? { value: value[key] } : null;
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function place(at: string): string {
  return at === '' ? 'it' : `\`${at}\``;
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > mostShown ? `${text.slice(0, mostShown)}…` : text;
}
