# shellcheck shell=bash
# What document-001.sh does for examples/server-agent: the same tests, gate, migration and checks as its homeport.yml.
compose_file=docker-compose-vnext.yml
image=${AGENT_IMAGE:-server-agent-vnext:latest}

backup() {
  compose exec -T db pg_dump -U agent server_agent
}

run_tests() {
  ./scripts/run_tests.sh unit
  ./scripts/run_tests.sh integration
  awk -F'line-rate="' '/<coverage/ { exit !($2 + 0 >= 0.70) }' coverage.xml
}

migrate() {
  compose run --rm -T app alembic upgrade head
}

smoke() {
  curl -fsS --max-time 10 "http://localhost:${APP_PORT:-8000}/health"
  compose exec -T db psql -U agent -d server_agent -c 'SELECT 1'
  compose exec -T app python -m app.check
  ./scripts/smoke_test.sh
}
