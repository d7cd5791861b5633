#!/usr/bin/env bash
# document-001.sh STEPS: the deployment of document 001 ("Deployment Steps in Detail", steps 1 to 9, one after another)
# as a plain shell script, run in the checkout. STEPS is a file that says what the project's own steps are.
set -euo pipefail

step() { echo "==> $1"; }
compose() { docker compose -f "$compose_file" "$@"; }

# shellcheck source=steps/server-agent.sh
source "${1:?usage: document-001.sh STEPS}"
backups=${BACKUPS:-backups}

step backup
mkdir -p "$backups"
# As in the document, a failed backup does not stop the deployment.
backup | gzip > "$backups/$(date +%Y-%m-%d_%H-%M-%S).gz" || echo "the backup failed" >&2
find "$backups" -name '*.gz' -mtime +7 -delete

step test
run_tests

step build
# The document tags after the build, when the name already means the new image; this is what it wants.
docker tag "$image" "${image%:*}:rollback" 2>/dev/null || true
docker build -t "$image" --build-arg BUILD_DATE="$(date)" --build-arg VCS_REF="$(git rev-parse HEAD)" .

step down
compose down

step migrate
migrate

step up
compose up -d

step wait
sleep "${STARTUP_WAIT:-10}"

step smoke
smoke
