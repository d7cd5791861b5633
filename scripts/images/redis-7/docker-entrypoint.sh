#!/bin/sh
# Behaves as the official redis image's entrypoint does: options or a .conf file alone are meant for redis-server, which
# runs as the user redis and owns what lies in the working folder.
set -e

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then set -- redis-server "$@"; fi
if [ "$1" != redis-server ]; then exec "$@"; fi

if [ "$(id -u)" = 0 ]; then
  find . \! -user redis -exec chown redis '{}' +
  exec setpriv --reuid=redis --regid=redis --clear-groups -- "$0" "$@"
fi
[ "$(umask)" != 0022 ] || umask 0077

# The official image is compiled without protected mode as its default: inside a container only what is published is
# reachable. Here it is the first option, so that every later one, and a configuration file's own word, goes before it.
shift
case ${1:-} in
  '' | -*) exec redis-server --protected-mode no "$@" ;;
esac
if grep -Eiq '^[[:space:]]*protected-mode[[:space:]]' "$1"; then exec redis-server "$@"; fi
file=$1
shift
exec redis-server "$file" --protected-mode no "$@"
