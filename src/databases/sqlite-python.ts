/** For hosts and images with Python; what it does and prints is told in `sqlite-told.ts`. */
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

LOGS = ('-wal', '-shm', '-journal')

# What was moved aside. An empty file only says that there was no database before: it goes.
def tell_kept(kept):
    if os.stat(kept).st_size == 0:
        os.unlink(kept)
    for suffix in ('', *LOGS):
        if os.path.exists(kept + suffix):
            say('moved', suffix)

def swap(staged, path, kept):
    if os.path.exists(path):
        # A file that is whole by itself needs no log beside it. One too damaged for that is moved with its logs.
        try:
            db = connect(path, 'rw')
            db.execute('SELECT count(*) FROM sqlite_master').fetchone()
            db.execute('PRAGMA wal_checkpoint(TRUNCATE)').fetchone()
            db.close()
        except sqlite3.Error:
            pass
        if os.path.exists(kept):
            raise Refused('other', kept + ' is there already')
        try:
            os.link(path, kept)
        except OSError:
            shutil.copy2(path, kept)
            sync(kept)
    else:
        os.close(os.open(kept, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
    for suffix in LOGS:
        if os.path.exists(path + suffix):
            os.rename(path + suffix, kept + suffix)
    sync(os.path.dirname(path))
    os.rename(staged, path)
    sync(os.path.dirname(path))
    tell_kept(kept)

def recover(staged, path, kept):
    if os.path.exists(staged) or os.path.exists(kept) and (not os.path.exists(path) or os.path.samefile(path, kept)):
        for suffix in LOGS:
            if not os.path.exists(kept + suffix):
                continue
            if os.path.exists(path + suffix):
                say('stays', suffix)
            else:
                os.rename(kept + suffix, path + suffix)
        Path(kept).unlink(missing_ok=True)
        sync(os.path.dirname(path))
        Path(staged).unlink(missing_ok=True)
        say('end undone')
    elif os.path.exists(kept):
        tell_kept(kept)
        say('end finished')
    else:
        say('end nothing')
    sync(os.path.dirname(path))

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
