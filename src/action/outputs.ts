import { setOutput } from '@actions/core';
import type { Report } from '../deployment/report.ts';
import type { OutputName } from '../request/outputs.ts';

/** Sets every output of the action; what there is nothing of is empty. */
export function setOutputs(report: Report, path: string | null): void {
  for (const [name, value] of Object.entries(outputsOf(report, path))) setOutput(name, value);
}

function outputsOf(report: Report, path: string | null): Record<OutputName, string> {
  return {
    status: report.status,
    phase: report.phase,
    'exit-code': String(report.exit_code),
    release: report.release ?? '',
    'previous-release': report.previous_release ?? '',
    commit: report.commit ?? '',
    coverage: report.coverage === null ? '' : report.coverage.percent.toFixed(2),
    backup: report.backups.map((backup) => backup.file).join('\n'),
    'systems-deployed': JSON.stringify(report.systems_deployed),
    'duration-seconds': String(report.duration_seconds),
    report: path ?? '',
  };
}
