import { isRequestKey, requestKeys } from './schema.ts';

/**
 * The action's inputs as the runner hands them over: `INPUT_` and the name in upper case, with `_` for a space.
 * An empty input is one that was not given. An unknown one is kept, so that it can be refused: the runner only warns.
 */
export function readInputs(environment: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const known = new Map(requestKeys.map((key) => [inputVariable(key), key]));
  const inputs = new Map<string, string>();
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('INPUT_') || value === undefined) continue;
    const name = known.get(variable) ?? variable.slice('INPUT_'.length).toLowerCase();
    const text = withoutMargins(value);
    if (text !== '' || !isRequestKey(name)) inputs.set(name, text);
  }
  return Object.fromEntries(inputs);
}

/** `working-directory` → `INPUT_WORKING-DIRECTORY`. */
export function inputVariable(key: string): string {
  return `INPUT_${key.replaceAll(' ', '_').toUpperCase()}`;
}

/** Trims as `getInput` of @actions/core does, but leaves the first line of a longer text its indentation. */
function withoutMargins(value: string): string {
  const trimmed = value.trim();
  return trimmed.includes('\n') ? value.trimEnd() : trimmed;
}
