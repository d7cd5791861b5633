import { SaxesParser } from 'saxes';

const voidElements = /<(meta)([^>]*)>/g;

export interface HtmlPage {
  /** Names of the elements, in order. */
  readonly elements: readonly string[];
  readonly attributes: readonly (readonly [name: string, value: string])[];
  readonly text: string;
}

/** Reads one of our pages as XML: stricter than HTML, every element is closed and every text escaped. */
export function readPage(html: string): HtmlPage {
  const elements: string[] = [];
  const attributes: [string, string][] = [];
  let text = '';
  const parser = new SaxesParser();
  parser.on('error', (error) => {
    throw error;
  });
  parser.on('opentag', (tag) => {
    elements.push(tag.name);
    attributes.push(...Object.entries(tag.attributes).map(([name, value]): [string, string] => [name, String(value)]));
  });
  parser.on('text', (part) => {
    text += part;
  });
  parser
    .write(
      html
        .replace('<!doctype html>', '')
        .replaceAll(voidElements, '<$1$2/>')
        .replaceAll('<details open>', '<details open="">'),
    )
    .close();
  return { elements, attributes, text };
}
