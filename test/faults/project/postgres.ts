import { connect } from 'node:net';

export interface Server {
  readonly host: string;
  readonly port: number;
  readonly database: string;
}

/**
 * Asks PostgreSQL one question on a connection of its own, by the simple query protocol, without a password. Several
 * statements in one text are one transaction. Gives the rows' columns as text. Rejects with the server's words, and when
 * there is no answer within `timeoutMs`. https://www.postgresql.org/docs/15/protocol-message-formats.html
 */
export function ask(server: Server, sql: string, timeoutMs: number): Promise<string[][]> {
  return new Promise((resolve, reject) => {
    const rows: string[][] = [];
    let open = Buffer.alloc(0);
    let failure: Error | null = null;
    let asked = false;
    const socket = connect(server.port, server.host);
    const end = (error: Error | null): void => {
      clearTimeout(alarm);
      socket.destroy();
      if (error === null) resolve(rows);
      else reject(error);
    };
    const alarm = setTimeout(() => end(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
    socket.on('error', (error) => end(error));
    socket.on('close', () => end(failure ?? new Error('the server closed the connection')));
    socket.on('connect', () => socket.write(startup(server.database)));
    socket.on('data', (chunk) => {
      open = Buffer.concat([open, chunk]);
      while (open.length >= 5 && open.length > open.readInt32BE(1)) {
        const kind = open.toString('latin1', 0, 1);
        const body = open.subarray(5, open.readInt32BE(1) + 1);
        open = open.subarray(open.readInt32BE(1) + 1);
        if (kind === 'R' && body.readInt32BE(0) !== 0) failure = new Error('the server asks for a password');
        if (kind === 'E') failure = new Error(wordsOf(body));
        if (kind === 'D') rows.push(columnsOf(body));
        if (kind !== 'Z') continue;
        // Ready for a query: the first time after the greeting, the second time when the answer is whole.
        if (asked || failure !== null) end(failure);
        else socket.write(message('Q', `${sql}\0`));
        asked = true;
      }
    });
  });
}

function startup(database: string): Buffer {
  const words = Buffer.from(`user\0app\0database\0${database}\0\0`);
  const head = Buffer.alloc(8);
  head.writeInt32BE(words.length + 8, 0);
  head.writeInt32BE(3 << 16, 4);
  return Buffer.concat([head, words]);
}

function message(kind: string, text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(5);
  head.write(kind, 'latin1');
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

function columnsOf(body: Buffer): string[] {
  const columns: string[] = [];
  let at = 2;
  for (let left = body.readInt16BE(0); left > 0; left -= 1) {
    const length = body.readInt32BE(at);
    at += 4;
    columns.push(length < 0 ? '' : body.toString('utf8', at, at + length));
    at += Math.max(0, length);
  }
  return columns;
}

/** The field M is what people read. */
function wordsOf(body: Buffer): string {
  const fields = body.toString('utf8').split('\0');
  return fields.find((field) => field.startsWith('M'))?.slice(1) ?? 'the server refused';
}
