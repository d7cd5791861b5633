import { createHash } from 'node:crypto';
import type { Report } from '../../src/deployment/report.ts';
import { critical, fullCoverage, gateFailed, hostile, report, smokeRolledBack, successful } from './reports.ts';

const begin = Date.parse('2025-03-03T08:12:00.000Z');
const people = ['dana-okafor', 'ilse', 'octocat'] as const;
const subjects = [
  'Refuse an approval after its deadline',
  'Count tokens per task',
  'Keep a discount below the price, also where two of them are given for one order',
  'Bump fastapi to 0.115.0',
] as const;

/** What nobody should be able to make a page of: markup, an end of CDATA, an emoji, text from right to left. */
export const nastyText =
  '<script>alert(1)</script> "]]> 🚢 שלום עולם مرحبا </pre></details> <img src="https://evil.test/x.png">';

/** A history of this length, oldest first: most went well, some in every other way, some are no deployments. */
export function historyOf(count: number): Report[] {
  return Array.from({ length: count }, (_, index) => entry(index));
}

function entry(index: number): Report {
  const sha = createHash('sha1').update(`commit ${index}`).digest('hex');
  const at = begin + index * 11 * 3_600_000 + ((index * 7919) % 240) * 60_000;
  const id = `${new Date(at).toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z-${sha.slice(0, 7)}`;
  const who = people[index % people.length] ?? 'octocat';
  const kind = kindOf(index);
  const seconds = kind.duration_seconds * (0.8 + ((index * 37) % 50) / 100);
  const runUrl = `https://github.com/octo/mundus/actions/runs/${19_000_000 + index}`;
  return {
    ...kind,
    deployment: id,
    commit: sha,
    branch: 'main',
    who: `${who} by ${runUrl}`,
    run_url: runUrl,
    started_at: new Date(at).toISOString(),
    finished_at: new Date(at + seconds * 1000).toISOString(),
    duration_seconds: seconds,
    release: kind.release === null ? null : id,
    coverage:
      kind.coverage === null ? null : { ...fullCoverage, percent: 66 + 9 * Math.sin(index / 17) + (index % 7) / 3 },
    stages: kind.stages.map((stage) => ({
      ...stage,
      duration_seconds: (stage.duration_seconds * seconds) / kind.duration_seconds,
    })),
    changes: {
      ...kind.changes,
      commits: [{ sha, subject: subjects[index % subjects.length] ?? '', author: who }],
    },
  };
}

function kindOf(index: number): Report {
  if (index % 97 === 61) return critical;
  if (index % 19 === 11) return smokeRolledBack;
  if (index % 13 === 6) return gateFailed;
  if (index % 31 === 17) return cancelled;
  if (index % 43 === 29) return { ...successful, command: 'rollback', coverage: null };
  if (index % 47 === 40)
    return { ...report({ duration_seconds: 14.2 }), command: 'backup', coverage: null, release: null };
  if (index % 60 === 33) return report({ duration_seconds: 610 });
  return successful;
}

const cancelled = report({
  status: 'aborted',
  phase: 'build',
  exit_code: 7,
  duration_seconds: 31,
  release: null,
  coverage: null,
  error: {
    stage: 'build',
    message: 'The deployment was cancelled.',
    hint: 'Nothing is to be done: what runs was not touched. Deploy again whenever you like.',
    excerpt: null,
  },
});

/** Everything that came from outside is hostile, and far too long. */
export function nastyHistory(): Report[] {
  const long = `${nastyText}\n`.repeat(4000);
  const unbroken = 'x'.repeat(20_000);
  return [
    hostile,
    report({
      status: 'failed',
      phase: 'smoke',
      exit_code: 4,
      commit: 'f'.repeat(40),
      who: nastyText,
      triggered_by: unbroken,
      release: unbroken,
      started_at: nastyText,
      error: { stage: nastyText, message: long, hint: long, excerpt: `${long}${unbroken}` },
      changes: { ...successful.changes, commits: [{ sha: 'f'.repeat(40), subject: nastyText, author: nastyText }] },
    }),
    report({
      status: 'failed',
      phase: 'smoke',
      exit_code: 4,
      duration_seconds: 4_000_000,
      error: { stage: 'smoke', message: unbroken, hint: unbroken, excerpt: unbroken },
      run_url: 'javascript:alert(1)',
    }),
  ];
}
