import { migrationTables } from './migration-tables.ts';

/** For hosts and images with Node; what it does and prints is told in `sqlite-told.ts`. */
export const nodeScript = String.raw`'use strict';
const fs = require('node:fs');
const { dirname } = require('node:path');
const { pathToFileURL } = require('node:url');
const { DatabaseSync, backup } = require('node:sqlite');
const [op, ...args] = process.argv.slice(2);
const say = (...words) => process.stdout.write(words.join(' ') + '\n');
const codes = { ENOENT: 'missing', EACCES: 'denied', EPERM: 'denied', ENOSPC: 'full', EDQUOT: 'full', EROFS: 'denied' };
const sqliteCodes = { 5: 'busy', 6: 'busy', 8: 'denied', 11: 'damaged', 13: 'full', 14: 'denied', 26: 'not-a-database' };
const refuse = (code, message) => Object.assign(new Error(message), { homeport: code });
const open = (path, query) => {
  const url = pathToFileURL(path);
  url.search = query;
  return new DatabaseSync(url, { timeout: 30000 });
};
const sync = (path) => {
  const file = fs.openSync(path, 'r');
  try { fs.fsyncSync(file); } finally { fs.closeSync(file); }
};
const count = (db) => {
  const tables = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND sql NOT LIKE 'CREATE VIRTUAL%'").all();
  for (const { name } of tables) {
    const { n } = db.prepare('SELECT count(*) AS n FROM "' + name.replaceAll('"', '""') + '"').get();
    say('row', Buffer.from(name).toString('hex'), n);
  }
};
const migrationTables = ${JSON.stringify(migrationTables)};
const hex = (text) => Buffer.from(text).toString('hex');
const describe = (db) => {
  const objects = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_master WHERE substr(name, 1, 7) <> 'sqlite_'").all();
  for (const { type, name, tbl_name, sql } of objects) say('object', hex(JSON.stringify([type, name, tbl_name, sql])));
  const told = new Set();
  for (const { table, columns, sql } of migrationTables) {
    const there = db.prepare('SELECT name FROM pragma_table_info(?)').all(table).map((column) => column.name);
    if (told.has(table) || !columns.every((name) => there.includes(name))) continue;
    told.add(table);
    for (const row of db.prepare(sql.replaceAll('%s', '"' + table + '"')).all()) {
      const text = Object.values(row)[0];
      if (text !== null) say('version', hex(table), hex(text));
    }
  }
  const version = db.prepare('PRAGMA user_version').get().user_version;
  if (version !== 0) say('version', hex('user_version'), hex(String(version)));
};
const logs = ['-wal', '-shm', '-journal'];
// What was moved aside. An empty file only says that there was no database before: it goes.
const tellKept = (kept) => {
  if (fs.statSync(kept).size === 0) fs.rmSync(kept);
  for (const suffix of ['', ...logs]) if (fs.existsSync(kept + suffix)) say('moved', suffix);
};
const isSame = (one, other) => {
  const [a, b] = [one, other].map((path) => fs.statSync(path, { bigint: true }));
  return a.dev === b.dev && a.ino === b.ino;
};
const inside = (path, folder) => path.startsWith(fs.realpathSync(folder) + '/');
const operations = {
  look(path, folder) {
    const real = fs.realpathSync(path);
    const facts = fs.statSync(real);
    if (!facts.isFile()) throw refuse('missing', path + ' is no file');
    if (folder) {
      // A file made beside somebody else's database could lock its owner out; a link may lead anywhere on the host.
      if (!inside(real, folder)) throw refuse('denied', path + ' leads out of ' + folder);
      if (![0, facts.uid].includes(process.getuid())) throw refuse('denied', path + ' belongs to another user');
      for (const place of [real, dirname(real)]) fs.accessSync(place, fs.constants.R_OK | fs.constants.W_OK);
    }
    const wal = fs.statSync(real + '-wal', { throwIfNoEntry: false });
    say('real', real);
    say('bytes', facts.size + (wal ? wal.size : 0));
  },
  query(path) {
    fs.accessSync(path);
    open(path, 'mode=rw').prepare('SELECT count(*) FROM sqlite_master').get();
  },
  async backup(path, copy, folder) {
    if (fs.statSync(path).size === 0) throw refuse('empty', path + ' is empty');
    const db = open(path, 'mode=rw');
    db.exec('BEGIN');
    count(db);
    fs.closeSync(fs.openSync(copy, 'wx', 0o600));
    await backup(db, copy, { rate: 2000 });
    db.exec('COMMIT');
    db.close();
    sync(copy);
    if (folder) {
      const { uid, gid } = fs.statSync(folder);
      fs.chownSync(copy, uid, gid);
    }
  },
  stage(from, to, like) {
    const existing = fs.statSync(like, { throwIfNoEntry: false });
    const owner = existing || fs.statSync(dirname(like));
    fs.copyFileSync(from, to, fs.constants.COPYFILE_EXCL);
    if (process.getuid() === 0) fs.chownSync(to, owner.uid, owner.gid);
    fs.chmodSync(to, existing ? existing.mode & 0o777 : 0o600);
    sync(to);
    const hash = require('node:crypto').createHash('sha256');
    const file = fs.openSync(to, 'r');
    const buffer = Buffer.alloc(1 << 20);
    for (let n; (n = fs.readSync(file, buffer)) > 0; ) hash.update(buffer.subarray(0, n));
    say('sha256', hash.digest('hex'));
  },
  swap(staged, path, kept) {
    if (fs.existsSync(path)) {
      // A file that is whole by itself needs no log beside it. One too damaged for that is moved with its logs.
      try {
        const db = open(path, 'mode=rw');
        db.prepare('SELECT count(*) FROM sqlite_master').get();
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        db.close();
      } catch {}
      if (fs.existsSync(kept)) throw refuse('other', kept + ' is there already');
      try { fs.linkSync(path, kept); } catch { fs.copyFileSync(path, kept, fs.constants.COPYFILE_EXCL); sync(kept); }
    } else {
      fs.closeSync(fs.openSync(kept, 'wx', 0o600));
    }
    for (const suffix of logs) if (fs.existsSync(path + suffix)) fs.renameSync(path + suffix, kept + suffix);
    sync(dirname(path));
    fs.renameSync(staged, path);
    sync(dirname(path));
    tellKept(kept);
  },
  recover(staged, path, kept) {
    if (fs.existsSync(staged) || (fs.existsSync(kept) && (!fs.existsSync(path) || isSame(path, kept)))) {
      for (const suffix of logs.filter((suffix) => fs.existsSync(kept + suffix))) {
        if (fs.existsSync(path + suffix)) say('stays', suffix);
        else fs.renameSync(kept + suffix, path + suffix);
      }
      fs.rmSync(kept, { force: true });
      sync(dirname(path));
      fs.rmSync(staged, { force: true });
      say('end undone');
    } else if (fs.existsSync(kept)) {
      tellKept(kept);
      say('end finished');
    } else {
      say('end nothing');
    }
    sync(dirname(path));
  },
  verify(path, depth) {
    const db = open(path, 'mode=ro&immutable=1');
    if (depth !== 'none') {
      const found = db.prepare(depth === 'full' ? 'PRAGMA integrity_check(5)' : 'PRAGMA quick_check(5)').all();
      const faults = found.map((row) => Object.values(row)[0]).filter((text) => text !== 'ok');
      if (faults.length > 0) throw refuse('damaged', faults.join('; '));
      count(db);
    }
    describe(db);
  },
};
(async () => operations[op](...args))().catch((error) => {
  say('error', error.homeport || sqliteCodes[error.errcode & 255] || codes[error.code] || 'other');
  process.stderr.write(error.message + '\n');
  process.exitCode = 1;
});
`;
