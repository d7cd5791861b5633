#!/bin/bash
# Behaves as the official postgres image's entrypoint does: POSTGRES_USER, POSTGRES_PASSWORD, POSTGRES_DB and
# POSTGRES_INITDB_ARGS (each also as NAME_FILE), POSTGRES_INITDB_WALDIR, POSTGRES_HOST_AUTH_METHOD, PGDATA, and the
# files in /docker-entrypoint-initdb.d. Not taken over: an arbitrary --user that has no entry in /etc/passwd.
set -Eeuo pipefail

# read_setting NAME [default]: the value of NAME, or of the file that NAME_FILE names.
read_setting() {
  local name=$1 file_name="${1}_FILE" value=${2:-}
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    echo >&2 "error: both $name and $file_name are set (but are exclusive)"
    exit 1
  fi
  if [ -n "${!name:-}" ]; then
    value=${!name}
  elif [ -n "${!file_name:-}" ]; then
    value=$(<"${!file_name}")
  fi
  export "$name=$value"
  unset "$file_name"
}

prepare_folders() {
  local wal=${POSTGRES_INITDB_WALDIR:-}
  mkdir -p "$PGDATA" /var/run/postgresql ${wal:+"$wal"}
  chmod 00700 "$PGDATA" || :
  chmod 03775 /var/run/postgresql || :
  [ "$(id -u)" = 0 ] || return 0
  [ -z "$wal" ] || find "$wal" \! -user postgres -exec chown postgres '{}' +
  find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
  find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
}

require_password() {
  [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != trust ] || return 0
  cat >&2 <<'EOE'
Error: Database is uninitialized and superuser password is not specified.
       You must specify POSTGRES_PASSWORD to a non-empty value for the
       superuser. For example, "-e POSTGRES_PASSWORD=password" on "docker run".
EOE
  exit 1
}

make_cluster() {
  local wal=${POSTGRES_INITDB_WALDIR:-}
  # eval, because POSTGRES_INITDB_ARGS is written with the shell's quotes.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"${wal:+--waldir=\"\$wal\"} $POSTGRES_INITDB_ARGS"
}

allow_network_clients() {
  local method=$POSTGRES_HOST_AUTH_METHOD
  [ -n "$method" ] || method=$(postgres -C password_encryption "${@:2}")
  printf '\nhost all all all %s\n' "$method" >> "$PGDATA/pg_hba.conf"
}

# During the set-up the server listens on its socket only: nobody may meet a half-filled database.
start_for_setup() {
  PGUSER="$POSTGRES_USER" pg_ctl -D "$PGDATA" -o "$(printf '%q ' "${@:2}" -c listen_addresses= -p "${PGPORT:-5432}")" -w start
}

run_psql() {
  PGHOST='' PGHOSTADDR='' psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

create_database() {
  local there
  there=$(run_psql --dbname postgres --set db="$POSTGRES_DB" --tuples-only <<<"SELECT 1 FROM pg_database WHERE datname = :'db';")
  [ -n "$there" ] || run_psql --dbname postgres --set db="$POSTGRES_DB" <<<'CREATE DATABASE :"db";'
}

run_init_files() {
  local file
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh)
        echo "$0: running $file"
        # shellcheck source=/dev/null
        if [ -x "$file" ]; then "$file"; else . "$file"; fi
        ;;
      *.sql) echo "$0: running $file"; run_psql --dbname "$POSTGRES_DB" -f "$file" ;;
      *.sql.gz) echo "$0: running $file"; gunzip -c "$file" | run_psql --dbname "$POSTGRES_DB" ;;
      *.sql.xz) echo "$0: running $file"; xzcat "$file" | run_psql --dbname "$POSTGRES_DB" ;;
      *.sql.zst) echo "$0: running $file"; zstd -dc "$file" | run_psql --dbname "$POSTGRES_DB" ;;
      *) echo "$0: ignoring $file" ;;
    esac
  done
}

if [ "${1:0:1}" = '-' ]; then set -- postgres "$@"; fi
if [ "${1:-}" != postgres ]; then exec "$@"; fi

prepare_folders
if [ "$(id -u)" = 0 ]; then
  export HOME=/var/lib/postgresql USER=postgres
  exec setpriv --reuid=postgres --regid=postgres --init-groups -- "$0" "$@"
fi

if [ -s "$PGDATA/PG_VERSION" ]; then
  printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
  exec "$@"
fi

shopt -s nullglob
read_setting POSTGRES_PASSWORD
read_setting POSTGRES_USER postgres
read_setting POSTGRES_DB "$POSTGRES_USER"
read_setting POSTGRES_INITDB_ARGS
: "${POSTGRES_HOST_AUTH_METHOD:=}"
require_password
make_cluster
allow_network_clients "$@"
export PGPASSWORD=${PGPASSWORD:-$POSTGRES_PASSWORD}
start_for_setup "$@"
create_database
run_init_files
PGUSER=${PGUSER:-postgres} pg_ctl -D "$PGDATA" -m fast -w stop
unset PGPASSWORD
printf '\nPostgreSQL init process complete; ready for start up.\n\n'
exec "$@"
