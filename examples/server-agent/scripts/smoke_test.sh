#!/usr/bin/env bash
# Asks the agent that runs on this machine whether it works. APP_URL or APP_PORT say where it is.
exec "$(dirname "${BASH_SOURCE[0]}")/run_tests.sh" smoke
