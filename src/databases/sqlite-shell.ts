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
logs='-wal -shm -journal'
# What was moved aside. An empty file only says that there was no database before: it goes.
tell_kept() {
  [ -s "$1" ] || try rm "$1"
  for suffix in '' $logs; do
    [ ! -e "$1$suffix" ] || echo "moved $suffix"
  done
}
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
      sqlite3 -batch "$2" 'SELECT count(*) FROM sqlite_master; PRAGMA wal_checkpoint(TRUNCATE);' >/dev/null 2>&1 || :
      [ ! -e "$3" ] || { echo "$3 is there already" >"$work/error"; fail; }
      ln "$2" "$3" 2>/dev/null || try cp -p "$2" "$3"
    else
      try touch "$3"
    fi
    for suffix in $logs; do
      [ ! -e "$2$suffix" ] || try mv "$2$suffix" "$3$suffix"
    done
    sync
    try mv -f "$1" "$2"
    sync
    tell_kept "$3"
    ;;
  recover)
    if [ -e "$1" ] || { [ -e "$3" ] && { [ ! -e "$2" ] || [ "$2" -ef "$3" ]; }; }; then
      for suffix in $logs; do
        [ -e "$3$suffix" ] || continue
        if [ -e "$2$suffix" ]; then echo "stays $suffix"; else try mv "$3$suffix" "$2$suffix"; fi
      done
      try rm -f "$3"
      sync
      try rm -f "$1"
      echo 'end undone'
    elif [ -e "$3" ]; then
      tell_kept "$3"
      echo 'end finished'
    else
      echo 'end nothing'
    fi
    sync
    ;;
esac
rm -rf "$work"
`;
