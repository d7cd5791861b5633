#!/bin/bash
# Behaves as the official mariadb image's healthcheck.sh does, with its everyday tests: --connect, --innodb_initialized,
# --innodb_buffer_pool_loaded, and --no-connect before those that are to stand alone.
set -Eeuo pipefail

datadir=/var/lib/mysql
account=()
[ ! -f "$datadir/.my-healthcheck.cnf" ] || account=(--defaults-extra-file="$datadir/.my-healthcheck.cnf")

answer_to() {
  mariadb "${account[@]}" --protocol=socket --batch --skip-column-names --execute "$1"
}

# The server that only sets up the database has no network: it isn't ready, however well it answers.
connect() {
  [ "$(answer_to 'SELECT @@skip_networking')" = 0 ]
}

innodb_initialized() {
  [ "$(answer_to "SELECT 1 FROM information_schema.ENGINES WHERE engine = 'innodb' AND support IN ('YES', 'DEFAULT', 'ENABLED')")" = 1 ]
}

innodb_buffer_pool_loaded() {
  [[ $(answer_to "SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Innodb_buffer_pool_load_status'") =~ 'load completed' ]]
}

if [ $# -eq 0 ]; then
  echo 'At least one argument required' >&2
  exit 1
fi

is_connected=no
for option; do
  case $option in
    --no-connect) is_connected=yes ;;
    --connect | --innodb_initialized | --innodb_buffer_pool_loaded)
      if ! "${option#--}"; then
        echo "healthcheck ${option#--} failed" >&2
        exit 1
      fi
      [ "$option" != --connect ] || is_connected=yes
      ;;
    *)
      echo "healthcheck unknown option or test '$option'" >&2
      exit 1
      ;;
  esac
done
[ "$is_connected" = yes ] || connect
