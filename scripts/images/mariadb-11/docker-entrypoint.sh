#!/bin/bash
# Behaves as the official mariadb image's entrypoint does: MARIADB_ROOT_PASSWORD, MARIADB_ROOT_HOST, MARIADB_DATABASE,
# MARIADB_USER and MARIADB_PASSWORD (each also as MYSQL_… and with _FILE), MARIADB_ALLOW_EMPTY_ROOT_PASSWORD,
# MARIADB_RANDOM_ROOT_PASSWORD, the user of healthcheck.sh, and the files in /docker-entrypoint-initdb.d. Not taken over:
# password hashes, replication, upgrades of an older data folder, time zone tables, start from a physical backup.
set -Eeuo pipefail

say() {
  printf '%s [Note] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*"
}

fail() {
  printf '%s [ERROR] [Entrypoint]: %s\n' "$(date --rfc-3339=seconds)" "$*" >&2
  exit 1
}

# read_setting NAME [default]: the value of NAME, or of the file that NAME_FILE names.
read_setting() {
  local name=$1 file_name="${1}_FILE" value=${2:-}
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    fail "Both $name and $file_name are set (but are exclusive)"
  fi
  if [ -n "${!name:-}" ]; then
    value=${!name}
  elif [ -n "${!file_name:-}" ]; then
    value=$(<"${!file_name}")
  fi
  export "$name=$value"
  unset "$file_name"
}

# read_both NAME [default]: MARIADB_NAME, else MYSQL_NAME; afterwards both have the value, as scripts may use either.
read_both() {
  local new="MARIADB_$1" old="MYSQL_$1"
  read_setting "$old" "${2:-}"
  read_setting "$new" "${!old}"
  export "$old=${!new}"
}

# What the server itself makes of its files and the arguments: no other program knows its defaults.
config_value() {
  local key=$1
  shift
  "$@" --verbose --help 2>/dev/null | awk -v key="$key" '$1 == key && /^[^ \t]/ { sub(/^[^ \t]+[ \t]+/, ""); value = $0 } END { print value }'
}

quote() {
  local text=${1//\\/\\\\}
  text=${text//$'\n'/\\n}
  printf "'%s'" "${text//\'/\\\'}"
}

random_password() {
  head -c 24 /dev/urandom | base64
}

run_sql() {
  mariadb --no-defaults --protocol=socket --user=root --socket="$socket" --default-character-set=utf8mb4 --binary-mode "$@"
}

require_password() {
  [ -z "$MARIADB_ROOT_PASSWORD$MARIADB_ALLOW_EMPTY_ROOT_PASSWORD$MARIADB_RANDOM_ROOT_PASSWORD" ] || return 0
  fail 'Database is uninitialized and password option is not specified' \
    $'\n\tYou need to specify one of MARIADB_ROOT_PASSWORD, MARIADB_ALLOW_EMPTY_ROOT_PASSWORD and MARIADB_RANDOM_ROOT_PASSWORD'
}

# During the set-up the server listens on its socket only: nobody may meet a half-filled database.
start_for_setup() {
  "$@" --skip-networking --socket="$socket" --loose-innodb-buffer-pool-load-at-startup=0 &
  server=$!
  local tries
  for ((tries = 300; tries > 0; tries--)); do
    if run_sql --execute 'SELECT 1' > /dev/null 2>&1; then return 0; fi
    kill -0 "$server" 2> /dev/null || break
    sleep 0.1
  done
  fail 'Unable to start server.'
}

# Gives the statements on stdout; passwords go to the client on its stdin, never on a command line.
users_and_database() {
  local host health
  printf 'SET @@SESSION.SQL_LOG_BIN = 0;\n'
  # The installation makes these without a password.
  printf "DROP USER IF EXISTS root@'127.0.0.1', root@'::1';\n"
  printf "EXECUTE IMMEDIATE CONCAT('DROP USER IF EXISTS root@', QUOTE(@@hostname));\n"
  if [ -n "$MARIADB_ROOT_HOST" ] && [ "$MARIADB_ROOT_HOST" != localhost ]; then
    printf 'CREATE USER root@%s IDENTIFIED BY %s;\n' "$(quote "$MARIADB_ROOT_HOST")" "$(quote "$MARIADB_ROOT_PASSWORD")"
    printf 'GRANT ALL ON *.* TO root@%s WITH GRANT OPTION;\n' "$(quote "$MARIADB_ROOT_HOST")"
  fi
  health=$(random_password)
  for host in 127.0.0.1 ::1 localhost; do
    printf 'CREATE USER healthcheck@%s IDENTIFIED BY %s;\n' "$(quote "$host")" "$(quote "$health")"
    printf 'GRANT USAGE ON *.* TO healthcheck@%s;\n' "$(quote "$host")"
  done
  (umask 0077 && printf '[mariadb-client]\nport=%s\nsocket=%s\nuser=healthcheck\npassword=%s\n' \
    "$port" "$socket" "$health" > "$datadir/.my-healthcheck.cnf")
  if [ -n "$MARIADB_DATABASE" ]; then printf 'CREATE DATABASE IF NOT EXISTS `%s`;\n' "$MARIADB_DATABASE"; fi
  if [ -n "$MARIADB_USER" ] && [ -n "$MARIADB_PASSWORD" ]; then
    printf "CREATE USER %s@'%%' IDENTIFIED BY %s;\n" "$(quote "$MARIADB_USER")" "$(quote "$MARIADB_PASSWORD")"
    # An underscore in a GRANT stands for any letter.
    if [ -n "$MARIADB_DATABASE" ]; then
      printf "GRANT ALL ON \`%s\`.* TO %s@'%%';\n" "${MARIADB_DATABASE//_/\\_}" "$(quote "$MARIADB_USER")"
    fi
  fi
  printf 'SET PASSWORD FOR root@localhost = PASSWORD(%s);\n' "$(quote "$MARIADB_ROOT_PASSWORD")"
}

run_init_files() {
  local file database=()
  [ -z "$MARIADB_DATABASE" ] || database=(--database="$MARIADB_DATABASE")
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        say "$0: running $file"
        # shellcheck source=/dev/null
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) say "$0: running $file"; run_sql "${database[@]}" < "$file" ;;
      *.sql.gz) say "$0: running $file"; gunzip -c "$file" | run_sql "${database[@]}" ;;
      *.sql.xz) say "$0: running $file"; xzcat "$file" | run_sql "${database[@]}" ;;
      *.sql.zst) say "$0: running $file"; zstd -dc "$file" | run_sql "${database[@]}" ;;
      *) say "$0: ignoring $file" ;;
    esac
  done
}

make_database() {
  say 'Initializing database files'
  mariadb-install-db --datadir="$datadir" --rpm --auth-root-authentication-method=normal --skip-test-db \
    --cross-bootstrap --skip-log-bin --loose-innodb-buffer-pool-dump-at-shutdown=0 "${@:2}" > /dev/null
  start_for_setup "$@"
  if [ -n "$MARIADB_RANDOM_ROOT_PASSWORD" ]; then
    MARIADB_ROOT_PASSWORD=$(random_password)
    export MARIADB_ROOT_PASSWORD MYSQL_ROOT_PASSWORD=$MARIADB_ROOT_PASSWORD
    say "GENERATED ROOT PASSWORD: $MARIADB_ROOT_PASSWORD"
  fi
  users_and_database | run_sql --database=mysql
  export MYSQL_PWD=$MARIADB_ROOT_PASSWORD
  run_init_files
  unset MYSQL_PWD
  kill "$server"
  wait "$server"
  say 'MariaDB init process done. Ready for start up.'
}

wants_only_words() {
  local argument
  for argument; do
    case $argument in
      -'?' | --help | --print-defaults | -V | --version) return 0 ;;
    esac
  done
  return 1
}

if [ "${1:0:1}" = '-' ]; then set -- mariadbd "$@"; fi
if [ "${1:-}" != mariadbd ] || wants_only_words "$@"; then exec "$@"; fi

datadir=$(config_value datadir "$@")
socket=$(config_value socket "$@")
port=$(config_value port "$@")
mkdir -p "$datadir"
if [ "$(id -u)" = 0 ]; then
  find "$datadir" \! -user mysql -exec chown mysql: '{}' +
  find "${socket%/*}" -maxdepth 0 \! -user mysql -exec chown mysql: '{}' +
  exec setpriv --reuid=mysql --regid=mysql --init-groups -- "$0" "$@"
fi
if [ -d "$datadir/mysql" ]; then exec "$@"; fi

shopt -s nullglob
read_both ROOT_HOST '%'
read_both DATABASE
read_both USER
read_both PASSWORD
read_both ROOT_PASSWORD
: "${MARIADB_ALLOW_EMPTY_ROOT_PASSWORD:=${MYSQL_ALLOW_EMPTY_PASSWORD:-}}"
: "${MARIADB_RANDOM_ROOT_PASSWORD:=${MYSQL_RANDOM_ROOT_PASSWORD:-}}"
require_password
make_database "$@"
exec "$@"
