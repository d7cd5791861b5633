#!/usr/bin/env bash
# run_tests.sh SUITE: runs tests/SUITE (unit, integration or smoke) with the pinned packages.
# They are installed once per set of pins and Python version, outside the checkout, so that later runs start at once.
# Old ones stay there; the folder can be removed at any time.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

suite=${1:?usage: run_tests.sh unit|integration|smoke}
python=${PYTHON:-python3}
pins=$({ "$python" -c 'import sys; print(sys.version, sys.prefix)'; cat requirements.txt requirements-dev.txt; } | sha256sum)
cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/server-agent
venv=$cache/venv-${pins:0:16}

mkdir -p "$cache"
(
  # Two deployments may start at once; the lock goes with the process, so none is ever left behind.
  flock 9
  if [[ ! -e $venv/.complete ]]; then
    rm -rf "$venv"
    "$python" -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check -r requirements-dev.txt
    touch "$venv/.complete"
  fi
) 9>"$venv.lock"

coverage=(--cov --cov-report=xml --cov-report=term)
case $suite in
  unit) ;;
  integration) coverage+=(--cov-append) ;; # coverage.xml then tells of both suites
  smoke) coverage=(--no-cov) ;;
  *) echo "run_tests.sh: there is no suite \"$suite\": take unit, integration or smoke" >&2; exit 64 ;;
esac

export PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" -m pytest "tests/$suite" "${coverage[@]}"
