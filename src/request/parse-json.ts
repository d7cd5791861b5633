/** What the text says as JSON; `undefined` when it is none, which every schema refuses in its own words. */
export function tryParseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
