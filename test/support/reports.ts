import type { Report, StageReport } from '../../src/deployment/report.ts';

const commit = '3f2a9c1d5b7e4f60a1b2c3d4e5f60718293a4b5c';
const release = '20251121T101500Z-3f2a9c1';
const previous = '20251120T174210Z-b81d0e4';
const begin = Date.parse('2025-11-21T10:15:00.000Z');

type Timing = readonly [name: string, offset: number, duration: number, status?: StageReport['status']];

/** One stage that began `offset` seconds after the deployment. */
export function stage(
  [name, offset, duration, status = 'success']: Timing,
  commands: StageReport['commands'] = [],
  error: string | null = null,
): StageReport {
  const begun = status !== 'pending' && status !== 'skipped';
  return {
    name,
    target: 'local',
    status,
    started_at: begun ? new Date(begin + offset * 1000).toISOString() : null,
    duration_seconds: begun ? duration : 0,
    commands,
    error,
  };
}

function command(
  text: string,
  seconds: number,
  output: string,
  exitCode: number | null = 0,
): StageReport['commands'][0] {
  return { command: text, exit_code: exitCode, duration_seconds: seconds, output };
}

const buildOutput = `#7 [app 3/5] RUN pip install --no-cache-dir -r requirements.txt
#7 4.812 Successfully installed fastapi-0.115.0 uvicorn-0.30.6 sqlalchemy-2.0.35
#8 [app 4/5] COPY . .
#8 DONE 0.1s
#9 exporting to image
#9 naming to docker.io/library/mundus-app:homeport-${release} done`;

const unitOutput = `collected 148 items

tests/unit/test_orders.py ........................................ [ 27%]
tests/unit/test_pricing.py ....................................... [ 53%]
tests/unit/test_webhook.py ....................................... [ 79%]
tests/unit/test_approval.py ..............................         [100%]

============================= 148 passed in 9.31s ==============================`;

function firstStages(): StageReport[] {
  return [
    stage(['preflight', 0, 1.2], [command('docker version --format {{json .Server}}', 0.1, '{"Version":"27.3.1"}')]),
    stage(['source', 1.2, 0.6], [command('git archive --format=tar 3f2a9c1', 0.2, '')]),
    stage(['snapshot', 1.8, 0.4]),
    stage(['backup', 2.2, 14.7], [command('docker exec -i mundus-db-1 pg_dump -Fc server_agent', 6.2, '')]),
    stage(
      ['test', 2.2, 21.4],
      [
        command('bash -euo pipefail -c "pytest tests/unit --cov"', 11.9, unitOutput),
        command('bash -euo pipefail -c "pytest tests/integration"', 9.1, '23 passed in 8.77s'),
      ],
    ),
    stage(['build', 2.2, 31.8], [command('docker compose build', 31.6, buildOutput)]),
  ];
}

const backup: Report['backups'][0] = {
  service: 'db',
  kind: 'postgres',
  database: 'server_agent',
  file: '/var/lib/homeport/mundus/backups/db-server_agent-20251121T101502Z.dump',
  bytes: 48_318_221,
  sha256: '9b74c9897bac770ffc029102a200c5de5f5c1b2a6d1b3f0e8d7c6b5a49382716',
  verified: 'restore',
  rows: 182_204,
  duration_seconds: 14.1,
};

/** With all that the tests' reports may tell. */
export const fullCoverage: NonNullable<Report['coverage']> = {
  percent: 83.14,
  minimum: 70,
  lines_covered: 1234,
  lines_total: 1484,
  files: ['/home/runner/mundus/coverage.xml'],
  unit: 'lines',
  branches: { covered: 3, total: 4 },
  worst: [
    { file: 'src/orders.py', lines_covered: 40, lines_total: 160, unit: 'lines' },
    { file: 'agent/main.go', lines_covered: 10, lines_total: 100, unit: 'statements' },
  ],
  before: { release: '20251120T174210Z-b81d0e4', percent: 80.5 },
};

/** A deployment that went well; `changes` replaces what differs. */
export function report(changes: Partial<Report> = {}): Report {
  return {
    schema: 1,
    deployment: release,
    project: 'mundus',
    command: 'deploy',
    repository: 'octo/mundus',
    branch: 'main',
    commit,
    triggered_by: 'push',
    run_url: 'https://github.com/octo/mundus/actions/runs/19283746512',
    status: 'success',
    phase: 'promote',
    exit_code: 0,
    systems_deployed: ['local'],
    started_at: new Date(begin).toISOString(),
    finished_at: new Date(begin + 71_200).toISOString(),
    duration_seconds: 71.2,
    overhead_seconds: 1.3,
    release,
    previous_release: previous,
    coverage: {
      percent: 83.14,
      minimum: 70,
      lines_covered: 1234,
      lines_total: 1484,
      files: ['/home/runner/mundus/coverage.xml'],
    },
    backups: [backup],
    stages: [
      ...firstStages(),
      stage(
        ['migrate', 34, 3.9],
        [
          command(
            'docker compose run --rm app alembic upgrade head',
            3.7,
            'Running upgrade 4c1e -> 9a02, add token budget',
          ),
        ],
      ),
      stage(['start', 37.9, 12.6], [command('docker compose up -d --wait', 12.4, 'Container mundus-app-1  Healthy')]),
      stage(['smoke', 50.5, 18.3], [command('http http://localhost:8000/health', 0.1, '200 in 41ms')]),
      stage(['promote', 68.8, 2.3]),
    ],
    error: null,
    warnings: [],
    changes: {
      services: [
        {
          service: 'app',
          change: 'recreated',
          image_before: 'sha256:1f0e2d3c4b5a69788796a5b4c3d2e1f00f1e2d3c4b5a69788796a5b4c3d2e1f0',
          image_after: 'sha256:a7b8c9d0e1f2031425364758697a8b9cadbecfd0e1f2031425364758697a8b9c',
        },
        { service: 'db', change: 'unchanged', image_before: 'postgres:15', image_after: 'postgres:15' },
        {
          service: 'reactive',
          change: 'started',
          image_before: null,
          image_after: 'sha256:a7b8c9d0e1f2031425364758697a8b9cadbecfd0e1f2031425364758697a8b9c',
        },
      ],
      commits: [
        { sha: commit, subject: 'Refuse an approval after its deadline', author: 'Dana Okafor' },
        { sha: '77b0c4e2a9d84f3e9c1b0a5d6e7f8091a2b3c4d5', subject: 'Count tokens per task', author: 'Ilse Brandt' },
      ],
      migrations: [{ service: 'app', command: 'alembic upgrade head' }],
      tests: [
        { name: 'unit', status: 'success', duration_seconds: 11.9 },
        { name: 'integration', status: 'success', duration_seconds: 9.1 },
      ],
    },
    log: '/var/lib/homeport/mundus/logs/deployment_20251121T101500Z.log',
    details: {},
    ...changes,
  };
}

export const successful = report();

export const successfulWithWarnings = report({
  coverage: null,
  backups: [],
  warnings: [
    'Tests were skipped: `skip-tests` is on. Nothing was checked before this release went out.',
    'The backup of db failed: pg_dump: error: connection to server failed. The deployment went on without it.',
  ],
  changes: { ...successful.changes, tests: [] },
});

const failedTests = `tests/unit/test_pricing.py ........F.........

=================================== FAILURES ===================================
______________________ test_a_discount_never_exceeds_the_price _________________

    def test_a_discount_never_exceeds_the_price():
>       assert price(100, discount=120) == 0
E       assert -20 == 0
E        +  where -20 = price(100, discount=120)

tests/unit/test_pricing.py:42: AssertionError
=========================== 1 failed, 147 passed in 9.48s ======================`;

export const gateFailed = report({
  status: 'failed',
  phase: 'test',
  exit_code: 1,
  release: null,
  duration_seconds: 24.9,
  finished_at: new Date(begin + 24_900).toISOString(),
  coverage: null,
  systems_deployed: [],
  stages: [
    ...firstStages().slice(0, 4),
    stage(
      ['test', 2.2, 12.3, 'failed'],
      [command('bash -euo pipefail -c "pytest tests/unit --cov"', 12.1, failedTests, 1)],
      'The test `unit` failed with exit code 1.',
    ),
    stage(['build', 2.2, 12.4, 'cancelled']),
    ...(['migrate', 'start', 'smoke', 'promote'] as const).map((name) => stage([name, 0, 0, 'skipped'])),
  ],
  error: {
    stage: 'test',
    message: 'The test `unit` failed with exit code 1.',
    hint: 'Run `pytest tests/unit --cov` in the checkout, mend what it shows, and push again.',
    excerpt: null,
  },
  changes: {
    services: [],
    migrations: [],
    commits: successful.changes.commits,
    tests: [{ name: 'unit', status: 'failed', duration_seconds: 12.1 }],
  },
});

const smokeError: NonNullable<Report['error']> = {
  stage: 'smoke',
  message: 'GET http://localhost:8000/health answered 500 instead of 200, 4 times.',
  hint: 'Read the log of app below; the release that failed is kept as an image: mundus-app:homeport-20251121T101500Z-3f2a9c1.',
  excerpt: `app-1  | INFO:     Application startup complete.
app-1  | ERROR:    Exception in ASGI application
app-1  | sqlalchemy.exc.ProgrammingError: column task.token_budget does not exist
app-1  | INFO:     172.19.0.1:48124 - "GET /health HTTP/1.1" 500 Internal Server Error`,
};

const untilSmoke: StageReport[] = [
  ...successful.stages.slice(0, 8),
  stage(
    ['smoke', 50.5, 9.8, 'failed'],
    [command('http http://localhost:8000/health', 8.1, 'status 500', 1)],
    smokeError.message,
  ),
  stage(['promote', 0, 0, 'skipped']),
];

export const smokeRolledBack = report({
  status: 'rolled_back',
  phase: 'smoke',
  exit_code: 4,
  duration_seconds: 78.6,
  stages: [
    ...untilSmoke,
    stage(['rollback', 60.3, 18.1], [command('docker compose up -d --wait', 14.2, 'Container mundus-app-1  Healthy')]),
  ],
  error: smokeError,
});

export const critical = report({
  status: 'failed',
  phase: 'rollback',
  exit_code: 6,
  duration_seconds: 181.4,
  stages: [
    ...untilSmoke,
    stage(
      ['rollback', 60.3, 120.9, 'failed'],
      [
        command(
          'docker compose up -d --wait',
          120.4,
          'dependency failed to start: container mundus-db-1 exited (1)',
          1,
        ),
      ],
      'The old release did not become ready within 2m.',
    ),
  ],
  error: {
    stage: 'rollback',
    message: 'The rollback to 20251120T174210Z-b81d0e4 failed: mundus-db-1 exited (1) and did not come back.',
    hint: 'The disk of the host is full. Free space, then run the commands below in this order.',
    excerpt: 'db-1  | FATAL:  could not write lock file "postmaster.pid": No space left on device',
  },
  details: {
    critical: true,
    seen: ['mundus-app-1: running, unhealthy, image a7b8c9d0e1f2', 'mundus-db-1: exited (1), image postgres:15'],
    commands: ['df -h /var/lib/docker', 'homeport recover --project mundus', 'docker logs --tail 50 mundus-db-1'],
  },
});

export const firstDeploymentFailed = report({
  status: 'failed',
  phase: 'start',
  exit_code: 3,
  release: null,
  previous_release: null,
  duration_seconds: 168.2,
  backups: [],
  systems_deployed: [],
  stages: [
    ...successful.stages.slice(0, 7),
    stage(['start', 37.9, 120.2, 'failed'], [], 'app restarted 5 times in 2m.'),
    stage(['smoke', 0, 0, 'skipped']),
    stage(['promote', 0, 0, 'skipped']),
    stage(['rollback', 158.1, 9.9]),
  ],
  error: {
    stage: 'start',
    message: 'app never became ready: it restarted 5 times in 2m.',
    hint: 'Its last lines are below. Most often a variable is missing: compare the environment with .env.example.',
    excerpt: "app-1  | KeyError: 'DATABASE_URL'",
  },
});

const hostileText =
  '</script><script>alert(1)</script> | a `tick` ``` fence\n## heading\r::error::x @octocat [x](javascript:1) <!-- ${{ x }} --> & "q" \u001b[31mred\u001b[0m \u202eabc www.x.org $a$ **b** __c__';

/** Every text that comes from outside tries to be something else. */
export const hostile = report({
  status: 'failed',
  phase: 'test',
  exit_code: 1,
  project: hostileText,
  branch: hostileText,
  repository: hostileText,
  triggered_by: hostileText,
  run_url: 'javascript:alert(1)',
  release: hostileText,
  previous_release: hostileText,
  stages: [
    stage([`build: a; b # c % "${hostileText}`, 0, 4], [command(hostileText, 1, hostileText)]),
    stage(['click me', 4, 4]),
    stage(
      ['test', 4, 20, 'failed'],
      [command(hostileText, 1, `${hostileText}\n\`\`\`\`\`\n</pre></details>`, 1)],
      hostileText,
    ),
  ],
  error: {
    stage: 'test',
    message: hostileText,
    hint: hostileText,
    excerpt: `before\n\`\`\`\n${hostileText}\n\`\`\`\`\`\`\n</pre></details></code>\n::endgroup::\nafter`,
  },
  warnings: [hostileText],
  coverage: {
    ...fullCoverage,
    worst: [{ file: hostileText, lines_covered: 0, lines_total: 1, unit: 'lines' }],
    before: { release: hostileText, percent: 1 },
  },
  backups: [{ ...backup, service: hostileText, kind: hostileText, database: hostileText, file: hostileText }],
  changes: {
    services: [{ service: hostileText, change: 'recreated', image_before: hostileText, image_after: hostileText }],
    commits: [{ sha: hostileText, subject: hostileText, author: hostileText }],
    migrations: [{ service: hostileText, command: hostileText }],
    tests: [{ name: hostileText, status: 'failed', duration_seconds: 1 }],
  },
  log: hostileText,
  details: { critical: 'yes', seen: hostileText },
});

/** All kinds by name, for tests that hold for each. */
export const reports = {
  successful,
  successfulWithWarnings,
  gateFailed,
  smokeRolledBack,
  critical,
  firstDeploymentFailed,
  hostile,
} satisfies Record<string, Report>;
