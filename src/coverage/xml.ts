import { SaxesParser } from 'saxes';
import { messageOf } from '../deployment/error.ts';

export interface XmlTag {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  /** The names of the tags around it, the root first. */
  readonly parents: readonly string[];
}

/** What a format does with its tags. What these throw gets the line before it. */
export interface XmlReader {
  readonly root: string;
  opened(tag: XmlTag): void;
  /** `text` is what stood in it, but for other tags. */
  closed(name: string, text: string, parents: readonly string[]): void;
}

/**
 * Reads an XML report tag by tag. The usual `<!DOCTYPE … SYSTEM "…">` is fine and never fetched; one that declares
 * entities is refused. Throws `Error` with the line: for XML that is not well-formed or cut off too.
 */
export function readXml(text: string, reader: XmlReader): void {
  const parser = new SaxesParser();
  const path: string[] = [];
  let characters = '';
  const withLine = (work: () => void): void => {
    try {
      work();
    } catch (error) {
      throw new Error(`line ${parser.line}: ${messageOf(error)}`, { cause: error });
    }
  };

  parser.on('error', (error) => {
    throw new Error(`line ${error.message.replace(/^(\d+):(\d+): /, '$1, column $2: ')}`);
  });
  parser.on('doctype', (doctype) => {
    if (!doctype.includes('<!')) return;
    throw new Error(
      `line ${parser.line}: its DOCTYPE declares entities or elements of its own, which no coverage tool does`,
    );
  });
  parser.on('opentag', ({ name, attributes }) => {
    characters = '';
    withLine(() => {
      if (path.length === 0 && name !== reader.root) {
        throw new Error(`the root element is <${name}>, not <${reader.root}>`);
      }
      reader.opened({ name, attributes, parents: path });
    });
    path.push(name);
  });
  parser.on('text', (more) => {
    characters += more;
  });
  parser.on('closetag', ({ name }) => {
    path.pop();
    withLine(() => reader.closed(name, characters, path));
  });
  parser.write(text.replace(/^\uFEFF/, '')).close();
}

/** An attribute that counts something; `null` when it is missing or no whole number. */
export function wholeNumber(attribute: string | undefined): number | null {
  return attribute !== undefined && /^\d{1,15}$/.test(attribute) ? Number(attribute) : null;
}
