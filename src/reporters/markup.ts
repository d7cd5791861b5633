/** Text that is markup already; every other text is escaped when it is put into a template. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type MarkupValue = string | number | Markup | null | false | readonly MarkupValue[];

/** A template tag that escapes what it is given: nothing from outside can become markup by being forgotten. */
export function markupWith(escapeText: (text: string) => string) {
  const textOf = (value: MarkupValue): string => {
    if (value === null || value === false) return '';
    if (value instanceof Markup) return value.text;
    if (typeof value === 'string' || typeof value === 'number') return escapeText(String(value));
    return value.map(textOf).join('');
  };
  return (strings: TemplateStringsArray, ...values: MarkupValue[]): Markup =>
    new Markup(strings.map((text, index) => text + textOf(values[index] ?? null)).join(''));
}
