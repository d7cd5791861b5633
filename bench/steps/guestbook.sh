# shellcheck shell=bash
# What document-001.sh does for examples/guestbook: the same tests, gate, migration and checks as its homeport.yml.
compose_file=compose.yaml
image=${COMPOSE_PROJECT_NAME:-guestbook}-web

backup() {
  compose exec -T web node -e "
    const { DatabaseSync } = require('node:sqlite');
    const { readFileSync, rmSync } = require('node:fs');
    new DatabaseSync('/data/guestbook.db').exec(\"VACUUM INTO '/tmp/backup.db'\");
    process.stdout.write(readFileSync('/tmp/backup.db'));
    rmSync('/tmp/backup.db');"
}

run_tests() {
  node --test --experimental-test-coverage --test-coverage-lines=70 "test/*.test.js"
}

migrate() {
  compose run --rm -T web node migrate.js
}

smoke() {
  curl -fsS --max-time 10 "http://localhost:${GUESTBOOK_PORT:-8080}/health"
  compose exec -T web node check.js
}
