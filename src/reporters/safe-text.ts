import { stripVTControlCharacters } from 'node:util';

// Bidirectional overrides can make a line read as something else than it is (CVE-2021-42574).
const deceptive = /[\u202a-\u202e\u2066-\u2069]/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is removed
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;

/** Without terminal sequences, control characters and lone surrogates; keeps tabs and line ends (`\n` only). */
export function cleanText(text: string): string {
  return stripVTControlCharacters(text.replaceAll(/\r\n?/g, '\n'))
    .replaceAll(control, '')
    .replaceAll(deceptive, '')
    .toWellFormed();
}

/** `cleanText` on one line, without space at its ends. */
export function cleanLine(text: string): string {
  return cleanText(text).replaceAll(/\s+/g, ' ').trim();
}

/** Each line on its own, as a log shows them; an empty text is one empty line. */
export function cleanLines(text: string): string[] {
  return cleanText(text.replace(/[\r\n]+$/, '')).split('\n');
}

/** At most `length` UTF-16 units, never half a character; says with `…` that something was cut. */
export function cut(text: string, length: number): string {
  if (text.length <= length) return text;
  if (length < 1) return '';
  return `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}

/** The last `length` UTF-16 units, from a line's beginning where there is one; says how much was left out. */
export function cutToTail(text: string, length: number): string {
  if (text.length <= length) return text;
  // Room for the note itself.
  const tail = text.slice(text.length - Math.max(0, length - 48)).replace(/^[\udc00-\udfff]/, '');
  const firstLineEnd = tail.indexOf('\n');
  const kept = firstLineEnd >= 0 && firstLineEnd < tail.length / 2 ? tail.slice(firstLineEnd + 1) : tail;
  return `… (${text.length - kept.length} characters left out)\n${kept}`;
}

export function escapeHtml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll("'", '&#39;');
}
