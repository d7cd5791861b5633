/*
 * The programs that touch a database file, each given to its interpreter on standard input with the operation and its
 * paths as arguments. They run in processes of their own (on the host, or in the service's image), so that a time-out
 * can stop them, and they are texts, so that bundling leaves them as they are. All speak the same lines:
 *
 *   real <path>    bytes <n>    row <table in hex> <count>    sha256 <hex>    moved <suffix>    error <code>
 *
 *   look <database> [<folder>]          where it is and how large; with the folder that it must be in and be ours
 *   query <database>                    reads its schema
 *   backup <database> <copy> [<folder>] copy and counts from one read transaction; owned as the folder is
 *   stage <backup> <new> <database>     a copy that belongs to whom the database belongs
 *   swap <new> <database> <kept>        the database gets the name <kept>, the new one its name
 *   remove <file>
 *   verify <backup> full|quick          integrity and counts of a file that nobody writes to
 */

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
        db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
        db.close();
      } catch {}
      const done = [];
      try {
        try { fs.linkSync(path, kept); } catch { fs.copyFileSync(path, kept, fs.constants.COPYFILE_EXCL); sync(kept); }
        done.push('');
        for (const suffix of ['-wal', '-shm', '-journal']) {
          if (!fs.existsSync(path + suffix)) continue;
          fs.renameSync(path + suffix, kept + suffix);
          done.push(suffix);
        }
        fs.renameSync(staged, path);
      } catch (error) {
        for (const suffix of done.reverse()) {
          if (suffix === '') fs.rmSync(kept, { force: true });
          else fs.renameSync(kept + suffix, path + suffix);
        }
        throw error;
      }
      for (const suffix of done) say('moved', suffix);
    } else {
      fs.renameSync(staged, path);
    }
    sync(dirname(path));
  },
  remove(path) {
    fs.rmSync(path, { force: true });
  },
  verify(path, depth) {
    const db = open(path, 'mode=ro&immutable=1');
    const found = db.prepare(depth === 'full' ? 'PRAGMA integrity_check(5)' : 'PRAGMA quick_check(5)').all();
    const faults = found.map((row) => Object.values(row)[0]).filter((text) => text !== 'ok');
    if (faults.length > 0) throw refuse('damaged', faults.join('; '));
    count(db);
  },
};
(async () => operations[op](...args))().catch((error) => {
  say('error', error.homeport || sqliteCodes[error.errcode & 255] || codes[error.code] || 'other');
  process.stderr.write(error.message + '\n');
  process.exitCode = 1;
});
`;

export const pythonScript = `
import hashlib, os, shutil, sqlite3, stat, sys
from pathlib import Path

class Refused(Exception):
    def __init__(self, code, message):
        super().__init__(message)
        self.code = code

def say(*words):
    print(*words, flush=True)

def connect(path, mode):
    return sqlite3.connect(Path(path).absolute().as_uri() + '?mode=' + mode, uri=True, timeout=30, isolation_level=None)

def sync(path):
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)

def count(db):
    names = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND sql NOT LIKE 'CREATE VIRTUAL%'").fetchall()
    for (name,) in names:
        (n,) = db.execute('SELECT count(*) FROM "' + name.replace('"', '""') + '"').fetchone()
        say('row', name.encode().hex(), n)

def look(path):
    real = os.path.realpath(path)
    if not stat.S_ISREG(os.stat(real).st_mode):
        raise Refused('missing', path + ' is no file')
    wal = real + '-wal'
    say('real', real)
    say('bytes', os.stat(real).st_size + (os.stat(wal).st_size if os.path.exists(wal) else 0))

def query(path):
    os.stat(path)
    connect(path, 'rw').execute('SELECT count(*) FROM sqlite_master').fetchone()

def backup(path, copy, folder):
    if os.stat(path).st_size == 0:
        raise Refused('empty', path + ' is empty')
    db = connect(path, 'rw')
    db.execute('BEGIN')
    count(db)
    os.close(os.open(copy, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    target = sqlite3.connect(copy)
    db.backup(target, pages=2000)
    target.close()
    db.execute('COMMIT')
    db.close()
    sync(copy)
    owner = os.stat(folder)
    os.chown(copy, owner.st_uid, owner.st_gid)

def stage(source, target, like):
    existing = os.stat(like) if os.path.exists(like) else None
    owner = existing or os.stat(os.path.dirname(like))
    os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    shutil.copyfile(source, target)
    os.chown(target, owner.st_uid, owner.st_gid)
    os.chmod(target, stat.S_IMODE(existing.st_mode) if existing else 0o600)
    sync(target)
    digest = hashlib.sha256()
    with open(target, 'rb') as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    say('sha256', digest.hexdigest())

def swap(staged, path, kept):
    if os.path.exists(path):
        # A file that is whole by itself needs no log beside it. One too damaged for that is moved with its logs.
        try:
            db = connect(path, 'rw')
            db.execute('PRAGMA wal_checkpoint(TRUNCATE)')
            db.close()
        except sqlite3.Error:
            pass
        done = []
        try:
            try:
                os.link(path, kept)
            except OSError:
                shutil.copy2(path, kept)
                sync(kept)
            done.append('')
            for suffix in ('-wal', '-shm', '-journal'):
                if os.path.exists(path + suffix):
                    os.rename(path + suffix, kept + suffix)
                    done.append(suffix)
            os.rename(staged, path)
        except BaseException:
            for suffix in reversed(done):
                if suffix == '':
                    os.unlink(kept)
                else:
                    os.rename(kept + suffix, path + suffix)
            raise
        for suffix in done:
            say('moved', suffix)
    else:
        os.rename(staged, path)
    sync(os.path.dirname(path))

def remove(path):
    Path(path).unlink(missing_ok=True)

def code_of(error):
    if isinstance(error, Refused):
        return error.code
    if isinstance(error, FileNotFoundError):
        return 'missing'
    if isinstance(error, PermissionError):
        return 'denied'
    if isinstance(error, OSError) and error.errno in (28, 122):
        return 'full'
    text = str(error)
    known = {'not a database': 'not-a-database', 'locked': 'busy', 'disk is full': 'full', 'malformed': 'damaged',
             'readonly': 'denied', 'unable to open': 'denied'}
    return next((code for part, code in known.items() if part in text), 'other')

try:
    globals()[sys.argv[1]](*sys.argv[2:])
except Exception as error:
    say('error', code_of(error))
    print(error, file=sys.stderr)
    sys.exit(1)
`;

/** For images that have a shell and SQLite's own command, and nothing better. */
export const shellScript = `
set -eu
op=$1
shift
work=$(mktemp -d)
fail() {
  case $(cat "$work/error") in
    *'not a database'*) code=not-a-database ;; *locked*) code=busy ;; *'disk is full'* | *'No space left'*) code=full ;;
    *malformed*) code=damaged ;; *readonly* | *'unable to open'* | *'ermission denied'*) code=denied ;; *) code=other ;;
  esac
  echo "error $code"
  cat "$work/error" >&2
  rm -rf "$work"
  exit 1
}
there() { [ -f "$1" ] || { echo 'error missing'; echo "$1 is not there" >&2; exit 1; }; }
try() { "$@" 2>"$work/error" || fail; }
owner_of() { stat -c %u:%g "$1"; }
case $op in
  look)
    there "$1"
    real=$(readlink -f "$1")
    bytes=$(stat -c %s "$real")
    [ ! -f "$real-wal" ] || bytes=$((bytes + $(stat -c %s "$real-wal")))
    echo "real $real"
    echo "bytes $bytes"
    ;;
  query)
    there "$1"
    try sqlite3 -batch -bail "$1" 'SELECT count(*) FROM sqlite_master;' >/dev/null
    ;;
  backup)
    there "$1"
    [ -s "$1" ] || { echo 'error empty'; exit 1; }
    { umask 077; set -C; : >"$2"; } 2>"$work/error" || fail
    set +C
    cat >"$work/all" <<END
.timeout 30000
BEGIN;
.output $work/counts
SELECT 'SELECT ''row '' || lower(hex(' || quote(name) || ')) || '' '' || count(*) FROM "' || replace(name, '"', '""') || '";'
  FROM sqlite_master WHERE type = 'table' AND substr(name, 1, 7) <> 'sqlite_' AND sql NOT LIKE 'CREATE VIRTUAL%';
.output
.read $work/counts
.backup main "$2"
COMMIT;
END
    sqlite3 -batch -bail "$1" <"$work/all" 2>"$work/error" || fail
    [ ! -s "$work/error" ] || fail
    chown "$(owner_of "$3")" "$2"
    sync
    ;;
  stage)
    if [ -e "$3" ]; then like=$3 mode=$(stat -c %a "$3"); else like=$(dirname "$3") mode=600; fi
    try cp "$1" "$2"
    chown "$(owner_of "$like")" "$2"
    chmod "$mode" "$2"
    sync
    set -- $(sha256sum <"$2")
    echo "sha256 $1"
    ;;
  swap)
    if [ -e "$2" ]; then
      sqlite3 -batch "$2" 'PRAGMA wal_checkpoint(TRUNCATE);' >/dev/null 2>&1 || :
      ln "$2" "$3" 2>/dev/null || try cp -p "$2" "$3"
      moved=
      undo() {
        for suffix in $moved; do mv "$3$suffix" "$2$suffix"; done
        rm -f "$3"
        fail
      }
      for suffix in -wal -shm -journal; do
        [ -e "$2$suffix" ] || continue
        mv "$2$suffix" "$3$suffix" 2>"$work/error" || undo "$@"
        moved="$moved $suffix"
      done
      mv -f "$1" "$2" 2>"$work/error" || undo "$@"
      echo 'moved '
      for suffix in $moved; do echo "moved $suffix"; done
    else
      try mv "$1" "$2"
    fi
    sync
    ;;
  remove) rm -f "$1" ;;
esac
rm -rf "$work"
`;
