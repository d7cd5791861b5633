import { style } from './html-style.ts';
import { Markup, markupWith } from './markup.ts';
import { proseOf } from './prose.ts';
import { cleanText, escapeHtml } from './safe-text.ts';

/** Markup of a page: every text that is put into it is cleaned and escaped. */
export const html = markupWith((text) => escapeHtml(cleanText(text)));

/** One whole page that needs nothing from the network, in light and dark, for a screen, a phone and paper. */
export function pageOf(page: { title: string; tone: string; body: Markup; ownStyle?: string }): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="referrer" content="no-referrer">
<title>${page.title}</title>
<style>${new Markup(style + (page.ownStyle ?? ''))}</style>
</head>
<body>
<main class="${page.tone}">
${page.body}
</main>
</body>
</html>
`.text;
}

/** On a narrow screen each row becomes a block that names its columns. `null` when there are no rows. */
export function table(head: readonly string[], rows: readonly (readonly Markup[])[]): Markup | null {
  if (rows.length === 0) return null;
  return html`<div class="card scroll"><table><thead>${headRow(head)}</thead>
<tbody>${rows.map((cells) => tableRow(head, cells))}</tbody></table></div>`;
}

export function headRow(head: readonly string[]): Markup {
  return html`<tr>${head.map((cell) => html`<th>${cell}</th>`)}</tr>`;
}

export function tableRow(head: readonly string[], cells: readonly Markup[]): Markup {
  return html`<tr>${cells.map((cell, column) => html`<td data-label="${head[column] ?? ''}"><div>${cell}</div></td>`)}</tr>\n`;
}

/** Our sentences: what stands between backticks is code. */
export function prose(text: string): Markup {
  return html`${proseOf(text).map((part) => (part.kind === 'code' ? html`<code>${part.text}</code>` : html`${part.text}`))}`;
}

/** What a command printed. */
export function preOf(output: string): Markup {
  return html`<pre>${output.replace(/\n+$/, '')}</pre>`;
}

/** `2025-11-21 10:15 UTC` of an ISO 8601 time in UTC. */
export function momentOf(iso: string): string {
  return `${iso.slice(0, 16).replace('T', ' ')} UTC`;
}
