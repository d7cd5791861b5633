import { type Report, type StageReport, stageNames } from '../deployment/report.ts';
import { formatDuration } from '../request/units.ts';
import { cut } from './safe-text.ts';
import { timelineOf } from './timeline.ts';

const tags: Readonly<Record<StageReport['status'], string>> = {
  pending: '',
  running: 'active, ',
  success: 'done, ',
  failed: 'crit, ',
  skipped: '',
  cancelled: '',
};

/**
 * A Mermaid Gantt of the stages that have begun, one section a target; `null` when none has.
 * Times are epoch milliseconds, so that the axis shows the viewer's own clock.
 */
export function renderGantt(report: Report): string | null {
  const { total, bars } = timelineOf(report);
  if (bars.length === 0) return null;
  const begin = Date.parse(report.started_at) || 0;
  const lines = ['gantt', '  dateFormat x', '  axisFormat %H:%M:%S', '  todayMarker off'];
  let section: string | null = null;
  for (const [index, { stage, offset, duration }] of bars.entries()) {
    if (stage.target !== section) {
      section = stage.target;
      lines.push(`  section ${safeName(section)}`);
    }
    const from = Math.round(begin + offset * 1000);
    // A bar of no width can't be seen.
    const to = from + Math.max(1, Math.round(Math.max(duration, total / 200) * 1000));
    const name = `${taskName(stage.name)} ${formatDuration(duration)}`;
    lines.push(`  ${name} :${tags[stage.status]}s${index}, ${from}, ${to}`);
  }
  return lines.join('\n');
}

function taskName(name: string): string {
  // Mermaid reads a line that begins with one of its own words (`click`, `title`, a date) as something else.
  return (stageNames as readonly string[]).includes(name) ? name : `stage ${safeName(name)}`;
}

/** Mermaid has no way to quote a name: `:`, `;`, `#`, `%%` and line ends would end it. */
function safeName(name: string): string {
  const safe = name
    .replaceAll(/[^\p{L}\p{N} ._-]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return cut(safe === '' ? 'unnamed' : safe, 40);
}
