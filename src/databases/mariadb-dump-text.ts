import { Transform, type TransformCallback } from 'node:stream';
import type { DatabaseDefaults } from './mariadb-catalog.ts';

/** What has to be another one when a dump, or a part of one, goes into a database of another name. */
export interface Rewriting {
  /** The database that was dumped: the text names it where a trigger or routine has another collation than it. */
  readonly from: string;
  readonly to: string;
  /** `false`: events come in as disabled, for they would run in a database that nobody uses. */
  readonly events: boolean;
}

/** The first line of a backup file, ours: the dump itself does not carry the defaults of its database. */
export function headerOf(defaults: DatabaseDefaults): string {
  return `-- Homeport: CHARACTER SET ${defaults.characterSet} COLLATE ${defaults.collation}\n`;
}

const header = /^-- Homeport: CHARACTER SET (\w+) COLLATE (\w+)\n(?:\/\*.*\n)?-- (?:MariaDB|MySQL) dump /;

/** What the beginning of a backup file tells; `null` when it is none. Some 300 bytes are enough. */
export function readHeader(head: string): DatabaseDefaults | null {
  const [, characterSet, collation] = header.exec(head) ?? [];
  return characterSet === undefined || collation === undefined ? null : { characterSet, collation };
}

const tableLine = /^CREATE TABLE `((?:[^`]|``)*)` \(/;
const insertStart = Buffer.from('INSERT INTO `');
const insertHead = /^INSERT INTO `((?:[^`]|``)*)`(?: \((?:`(?:[^`]|``)*`(?:, ?)?)+\))? VALUES/;
const [newline, quote, backslash, open, close, semicolon] = [...Buffer.from("\n'\\();")];
/** Names of 4096 columns, the most that a table may have. */
const longestHead = 4_000_000;

/**
 * Passes the text of a dump on, counts the rows that it inserts, and sees whether it came to its end. It relies on what
 * both dump programs do: line breaks within values are escaped, and bodies stand between two DELIMITER lines.
 */
export class DumpReader extends Transform {
  /** By table, of every table that the dump makes. */
  readonly rows: Record<string, number> = {};
  /** The last line says that the dump was completed. */
  complete = false;
  /** Names of the events that `Rewriting.events` switched off. */
  readonly switchedOff: string[] = [];
  readonly #rewriting: Rewriting | null;
  #line: Buffer[] = [];
  #lineLength = 0;
  #table: string | null = null;
  #depth = 0;
  #quoted = false;
  #escaped = false;
  #inBody = false;

  constructor(rewriting: Rewriting | null) {
    super();
    this.#rewriting = rewriting;
  }

  override _transform(chunk: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    try {
      let rest = chunk;
      while (rest.length > 0) rest = this.#table === null ? this.#takeLine(rest) : this.#takeValues(rest);
      done();
    } catch (error) {
      done(error instanceof Error ? error : new Error(String(error)));
    }
  }

  override _flush(done: TransformCallback): void {
    const left = Buffer.concat(this.#line);
    if (left.length > 0) this.push(left);
    if (left.length > 0 || this.#table !== null) this.complete = false;
    done();
  }

  #takeLine(chunk: Buffer): Buffer {
    const end = chunk.indexOf(newline ?? 10);
    const piece = end === -1 ? chunk : chunk.subarray(0, end + 1);
    this.#line.push(piece);
    this.#lineLength += piece.length;
    const rest = chunk.subarray(piece.length);
    // An INSERT may be as long as all of a table: only its beginning is a line to look at.
    if (end === -1 && this.#lineLength < 64) return rest;
    const line = Buffer.concat(this.#line);
    const isInsert = !this.#inBody && line.subarray(0, insertStart.length).equals(insertStart);
    if (isInsert) {
      const text = line.toString('latin1');
      const head = insertHead.exec(text);
      if (head !== null) return this.#beginValues(line, head, rest);
      if (this.#lineLength > longestHead) throw new Error('the dump has an INSERT that Homeport can not read');
    }
    if (end === -1) {
      this.#line = [line];
      return rest;
    }
    if (!isInsert || line.at(-2) === semicolon) this.#endLine(line);
    return rest;
  }

  #endLine(line: Buffer): void {
    this.#line = [];
    this.#lineLength = 0;
    if (line.length < 4096 || line.subarray(0, 2).toString('latin1') === '/*') this.push(this.#look(line));
    else this.push(line);
  }

  #look(line: Buffer): Buffer {
    const text = line.toString('utf8').trimEnd();
    const made = this.#inBody ? null : tableLine.exec(text);
    if (made !== null) this.rows[(made[1] ?? '').replaceAll('``', '`')] ??= 0;
    if (text === 'DELIMITER ;;') this.#inBody = true;
    else if (text === 'DELIMITER ;') this.#inBody = false;
    // A body may have any line.
    if (text !== '') this.complete = !this.#inBody && text.startsWith('-- Dump completed');
    if (this.#rewriting === null) return line;
    const changed = rewriteLine(text, this.#rewriting);
    const event = this.#rewriting.events ? null : eventOf(text);
    if (event?.isOn) this.switchedOff.push(event.name);
    return changed === text ? line : Buffer.from(`${changed}\n`);
  }

  #beginValues(line: Buffer, head: RegExpExecArray, rest: Buffer): Buffer {
    this.#line = [];
    this.#lineLength = 0;
    this.complete = false;
    const length = head[0].length;
    this.push(line.subarray(0, length));
    this.#table = Buffer.from(head[1] ?? '', 'latin1')
      .toString('utf8')
      .replaceAll('``', '`');
    this.rows[this.#table] ??= 0;
    this.#depth = 0;
    return Buffer.concat([line.subarray(length), rest]);
  }

  /** As far as the statement goes in this chunk; gives what comes after it. */
  #takeValues(chunk: Buffer): Buffer {
    let [depth, quoted, escaped, rows] = [this.#depth, this.#quoted, this.#escaped, 0];
    let at = 0;
    let isOver = false;
    for (; at < chunk.length && !isOver; at += 1) {
      const byte = chunk[at];
      if (escaped) escaped = false;
      else if (quoted) {
        if (byte === backslash) escaped = true;
        else if (byte === quote) quoted = false;
      } else if (byte === quote) quoted = true;
      else if (byte === open) {
        if (depth === 0) rows += 1;
        depth += 1;
      } else if (byte === close) depth -= 1;
      else if (byte === semicolon && depth === 0) isOver = true;
    }
    [this.#depth, this.#quoted, this.#escaped] = [depth, quoted, escaped];
    const table = this.#table ?? '';
    this.rows[table] = (this.rows[table] ?? 0) + rows;
    this.push(chunk.subarray(0, at));
    if (isOver) this.#table = null;
    return chunk.subarray(at);
  }
}

/** As both servers print an event; what follows its state is the user's own text. */
const eventLine = new RegExp(
  [
    '^(/\\*!50106 CREATE\\*/ .*?EVENT `((?:[^`]|``)*)` ON SCHEDULE ',
    "(?:AT '[^']*'|EVERY (?:'[^']*'|\\S+) \\w+(?: STARTS '[^']*')?(?: ENDS '[^']*')?)",
    ' ON COMPLETION (?:NOT )?PRESERVE) (ENABLE|DISABLE)\\b',
  ].join(''),
);

/** The parts of a line that makes an event; `null` for any other. Throws for an event that can't be switched off. */
function eventOf(line: string): { head: string; name: string; isOn: boolean } | null {
  if (!line.startsWith('/*!50106 CREATE*/')) return null;
  const [, head, name, state] = eventLine.exec(line) ?? [];
  if (head === undefined || name === undefined) throw new Error('the dump has an event that Homeport can not read');
  return { head, name: name.replaceAll('``', '`'), isOn: state === 'ENABLE' };
}

function rewriteLine(line: string, { from, to, events }: Rewriting): string {
  const alter = `ALTER DATABASE ${quoted(from)} `;
  if (line.startsWith(alter)) return `ALTER DATABASE ${quoted(to)} ${line.slice(alter.length)}`;
  const event = events ? null : eventOf(line);
  return event?.isOn ? `${event.head} DISABLE${line.slice(`${event.head} ENABLE`.length)}` : line;
}

/** The same for a whole text without rows, such as the triggers, routines, events and views of a database. */
export function rewriteText(text: string, rewriting: Rewriting): string {
  return text
    .split('\n')
    .map((line) => rewriteLine(line, rewriting))
    .join('\n');
}

function quoted(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
