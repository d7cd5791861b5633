import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { describe, expect, it } from 'vitest';
import { derivedName } from '../../src/databases/mariadb-catalog.ts';
import { quoteIdentifier, quoteLiteral } from '../../src/databases/mariadb-client.ts';
import {
  DumpReader,
  headerOf,
  type Rewriting,
  readHeader,
  rewriteText,
} from '../../src/databases/mariadb-dump-text.ts';

async function read(text: string, size: number, rewriting: Rewriting | null = null) {
  const bytes = Buffer.from(text);
  const chunks: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += size) chunks.push(bytes.subarray(at, at + size));
  const reader = new DumpReader(rewriting);
  const out: Buffer[] = [];
  reader.on('data', (chunk: Buffer) => out.push(chunk));
  await pipeline(Readable.from(chunks), reader);
  return { rows: reader.rows, complete: reader.complete, off: reader.switchedOff, text: Buffer.concat(out).toString() };
}

const dump = `-- MariaDB dump 10.19
CREATE TABLE \`a\` (
  \`x\` text DEFAULT '(),('
);
INSERT INTO \`a\` VALUES
(1,'it''s (','\\\\'),
(2,'\\'),(;\\nINSERT INTO \`b\` VALUES (1)',NULL);
INSERT INTO \`a\` VALUES (3,'ü😀',_binary '\\0(');
INSERT INTO \`od\`\`d (\` (\`x\`, \`y)\`) VALUES (1,POINT(1,(2))),(2,'');
CREATE TABLE \`em\`\`pty\` (
  \`n\` int
);
DELIMITER ;;
/*!50003 CREATE*/ /*!50003 TRIGGER t BEFORE INSERT ON a FOR EACH ROW BEGIN
INSERT INTO \`a\` VALUES (9);
CREATE TABLE \`never\` (
-- Dump completed
END */;;
DELIMITER ;
ALTER DATABASE \`a shop\` CHARACTER SET latin1 COLLATE latin1_swedish_ci ;
/*!50106 CREATE*/ /*!50117 DEFINER=\`root\`@\`%\`*/ /*!50106 EVENT \`e \`\` ENABLE\` ON SCHEDULE EVERY '1:30' HOUR_MINUTE STARTS '2020-01-01 00:00:00' ON COMPLETION NOT PRESERVE ENABLE COMMENT 'PRESERVE ENABLE' DO SELECT ' PRESERVE ENABLE '
*/ ;;
/*!50106 CREATE*/ /*!50106 EVENT \`off\` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE DISABLE DO SELECT ' ON COMPLETION PRESERVE ENABLE '
*/ ;;

-- Dump completed on 2026-01-01
`;

describe('a dump', () => {
  it.each([1, 2, 3, 7, 64, 1000, 1e6])(
    'tells its rows and its end however it comes, in pieces of %d bytes',
    async (size) => {
      const { rows, complete, text } = await read(dump, size);
      expect(rows).toEqual({ a: 3, 'od`d (': 2, 'em`pty': 0 });
      expect(complete).toBe(true);
      expect(text).toBe(dump);
    },
  );

  it('is not complete at any place where it may have been cut', async () => {
    for (let length = 0; length < dump.indexOf('-- Dump completed on') + 17; length += 1) {
      expect([length, (await read(dump.slice(0, length), 50)).complete]).toEqual([length, false]);
    }
  });

  it.each([5, 1e6])('goes into another database with its events off, in pieces of %d bytes', async (size) => {
    const rewriting = { from: 'a shop', to: 'b', events: false };
    const { text, off } = await read(dump, size, rewriting);
    expect(off).toEqual(['e ` ENABLE']);
    const wanted = dump
      .replace('ALTER DATABASE `a shop`', 'ALTER DATABASE `b`')
      .replace('NOT PRESERVE ENABLE COMMENT', 'NOT PRESERVE DISABLE COMMENT');
    expect(text).toBe(wanted);
    expect(rewriteText(dump, rewriting)).toBe(wanted);
  });

  it('is known by its first lines, which tell the defaults of its database', () => {
    const defaults = { characterSet: 'utf8mb4', collation: 'utf8mb4_general_ci' };
    expect(readHeader(`${headerOf(defaults)}/*M!999999\\- enable the sandbox mode */ \n-- MariaDB dump 10`)).toEqual(
      defaults,
    );
    expect(readHeader(`${headerOf(defaults)}-- MySQL dump 10.13  Distrib`)).toEqual(defaults);
    expect(readHeader(headerOf(defaults))).toBeNull();
    expect(readHeader('-- MySQL dump 10.13')).toBeNull();
  });
});

describe('names and texts in statements', () => {
  it('are quoted', () => {
    expect(quoteIdentifier('a`b')).toBe('`a``b`');
    expect(quoteLiteral("it's \\")).toBe("'it''s \\\\'");
  });

  it.each(['shop', 'x'.repeat(64), 'ü'.repeat(64), `${'x'.repeat(60)}😀😀`])(
    'of a database made from %s fit',
    (name) => {
      const derived = derivedName(name, '_homeport_restore_20260101T000000Z');
      expect([...derived].length).toBeLessThanOrEqual(64);
      expect(derived).toMatch(/_homeport_restore_20260101T000000Z$/);
      expect(derived).not.toBe(derivedName(`${name}y`, '_homeport_restore_20260101T000000Z'));
    },
  );
});
