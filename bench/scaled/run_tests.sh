#!/usr/bin/env bash
# The tests of a bigger project: each of the two suites ends 7.5 s after its start at the earliest, 15 s together.
set -euo pipefail
[[ $1 == smoke ]] || sleep 7.5 &
"$(dirname "${BASH_SOURCE[0]}")/run_suite.sh" "$@"
wait
