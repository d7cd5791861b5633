/**
 * Takes secrets out of everything that is printed: as they are, in base64 (at each of the three alignments) and
 * URL-encoded. Values under 3 characters would blank out half of any log and are left alone.
 */
export class Redactor {
  readonly #needles = new Set<string>();
  #pattern: RegExp | null = null;

  /** All forms in which each secret is hidden; the action hands them to the runner as masks too. */
  get forms(): readonly string[] {
    return [...this.#needles];
  }

  add(secret: string): void {
    for (const part of new Set([secret, ...secret.split('\n')])) {
      const value = part.trim();
      if (value.length < 3 || value === 'true' || value === 'false') continue;
      for (const form of formsOf(value)) this.#needles.add(form);
    }
    const longestFirst = [...this.#needles].sort((a, b) => b.length - a.length);
    this.#pattern = longestFirst.length > 0 ? new RegExp(longestFirst.map(escapeRegExp).join('|'), 'g') : null;
  }

  redact(text: string): string {
    return this.#pattern === null ? text : text.replace(this.#pattern, '***');
  }
}

function formsOf(value: string): string[] {
  const forms = [
    value,
    encodeURIComponent(value),
    new URLSearchParams([['', value]]).toString().slice(1),
    JSON.stringify(value).slice(1, -1),
  ];
  const bytes = Buffer.from(value);
  // Inside a longer text, base64 shows a value in one of three shapes; the edge characters depend on its neighbours.
  for (const shift of [0, 1, 2]) {
    const encoded = Buffer.concat([Buffer.alloc(shift), bytes])
      .toString('base64')
      .replace(/=+$/, '');
    const skip = shift === 0 ? 0 : shift + 1;
    const inner = encoded.slice(skip, (bytes.length + shift) % 3 === 0 ? undefined : -1);
    if (inner.length >= 8) forms.push(inner);
  }
  return forms;
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
