export interface ProsePart {
  readonly kind: 'text' | 'code';
  readonly text: string;
}

/** Our sentences name commands and options between backticks: splits a text there. Joined, the parts are the text without them. */
export function proseOf(text: string): ProsePart[] {
  return text
    .split(/`([^`\n]+)`/)
    .map((part, index): ProsePart => ({ kind: index % 2 === 1 ? 'code' : 'text', text: part }))
    .filter((part) => part.text !== '');
}
