import { describe, expect, it } from 'vitest';
import { renderGantt } from '../../src/reporters/mermaid.ts';
import { hostile, report, reports, stage } from '../support/reports.ts';

/** Mermaid's own reading of a task line: a name without its marks, then tags, an ID, begin and end. */
const task = /^ {2}[^:;#%\n]+ :(?:(?:done|crit|active), )?s\d+, \d+, \d+$/;

describe('the Gantt', () => {
  it('shows each stage that began, with its times', () => {
    const lines = renderGantt(reports.smokeRolledBack)?.split('\n') ?? [];
    expect(lines.slice(0, 5)).toEqual([
      'gantt',
      '  dateFormat x',
      '  axisFormat %H:%M:%S',
      '  todayMarker off',
      '  section local',
    ]);
    expect(lines).toContain('  build 31.8s :done, s5, 1763720102200, 1763720134000');
    expect(lines).toContain('  smoke 9.8s :crit, s8, 1763720150500, 1763720160300');
    expect(lines.join('\n')).not.toContain('promote');
  });

  it.each(Object.entries(reports))('is Mermaid: %s', (_name, value) => {
    for (const line of renderGantt(value)?.split('\n').slice(4) ?? []) {
      expect(line).toMatch(line.startsWith('  section ') ? /^ {2}section [^:;#%\n]+$/ : task);
    }
  });

  it('does not take a name for a word of Mermaid', () => {
    expect(renderGantt(hostile)).toContain('  stage click me 4.0s :');
  });

  it('gives each target a section', () => {
    const stages = ['staging', 'production'].map((target) => ({ ...stage(['build', 0, 3]), target }));
    expect(renderGantt(report({ stages }))?.match(/section \w+/g)).toEqual(['section staging', 'section production']);
  });

  it('is left out when nothing began', () => {
    expect(renderGantt(report({ stages: [stage(['build', 0, 0, 'skipped'])] }))).toBeNull();
  });
});
