import { Markup, markupWith } from './markup.ts';
import { proseOf } from './prose.ts';
import { cleanLine, cleanText, cut } from './safe-text.ts';

/** Longest text of one cell, in UTF-16 units: more is no longer read. */
const cellLength = 600;
const proseLength = 2000;

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/*
 * Entities instead of every character that means something within a line: a backslash doesn't stop HTML, and a code span
 * can't hold `|` in a table. An underscore inside a word means nothing, and stays readable.
 */
function escapeInline(text: string): string {
  return text
    .replaceAll(/[&<>`|*[\]\\~$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, (found) => entities[found] ?? entity(found))
    .replaceAll(/(?:\bhttps?:\/\/|\bwww\.)\S+/gi, (url) =>
      // GitHub would make a link of it that holds the entities as they are written.
      url.includes('&') ? url.replace(/:\/\/|\./, (mark) => entity(mark.charAt(0)) + mark.slice(1)) : url,
    );
}

function entity(character: string): string {
  return `&#${character.charCodeAt(0)};`;
}

/** One clean line of at most `length` units; a huge text is cut before it is cleaned, which takes time. */
function lineOf(text: string, length: number): string {
  return cut(cleanLine(cut(text, length * 4)), length);
}

function literal(text: string): string {
  return escapeInline(text).replaceAll('@', '@&#8203;');
}

function literalCode(text: string): string {
  // No mention is made inside code, and a zero-width space would be copied along.
  return `<code>${escapeInline(text).replaceAll('@', '&#64;')}</code>`;
}

/** A text as GitHub's Markdown shows it literally, in a sentence or a table cell. An `@name` in it notifies nobody. */
export function escapeMarkdown(text: string): string {
  return literal(lineOf(text, cellLength));
}

export const md = markupWith(escapeMarkdown);

/** Code in a sentence or a table cell. */
export function code(text: string): Markup {
  return new Markup(literalCode(lineOf(text, cellLength)));
}

/** A sentence of ours, with what stands between backticks as code. */
export function prose(text: string): Markup {
  const parts = proseOf(lineOf(text, proseLength));
  return new Markup(parts.map(({ kind, text }) => (kind === 'code' ? literalCode(text) : literal(text))).join(''));
}

/** A block that shows `text` as it is; the fence is longer than any in it. */
export function fenced(text: string, language: string): Markup {
  const content = cleanText(text).replace(/\n+$/, '');
  const longest = Math.max(2, ...(content.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  return new Markup(`${fence}${language}\n${content}\n${fence}`);
}

export function link(text: Markup, url: string): Markup {
  return new Markup(
    `<a href="${url.replaceAll('&', '&amp;').replaceAll('"', '%22').replaceAll('|', '%7C')}">${text.text}</a>`,
  );
}

/** A row for each of the first `limit` items; those beyond are counted, not shown. */
export function table<T>(
  head: readonly string[],
  items: readonly T[],
  limit: number,
  cellsOf: (item: T) => readonly Markup[],
): Markup {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  const rows = items.slice(0, limit).map((item) => line(cellsOf(item).map(({ text }) => text)));
  const left = items.length - rows.length;
  const note = left > 0 ? [`\n… and ${left} more, in the JSON report.`] : [];
  return new Markup([line(head), line(head.map(() => '-')), ...rows, ...note].join('\n'));
}
