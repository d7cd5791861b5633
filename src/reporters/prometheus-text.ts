/*
 * The text format of Prometheus, as far as we write it:
 * https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */

export type Labels = Readonly<Record<string, string>>;

export interface Sample {
  readonly name: string;
  readonly labels: Labels;
  readonly value: number;
}

/** `name{label="value"}`: no two samples of a file share it. */
export function seriesOf(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${escapeLabel(value)}"`);
  return `${name}{${pairs.join(',')}}`;
}

function escapeLabel(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}

const sampleLine = /^([a-z_]+)\{(.*)\} ([0-9][0-9.e+-]*)$/s;
const labelPair = /([a-z_]+)="((?:[^"\\]|\\["\\n])*)"(?:,|$)/g;

/** A line that was written by `seriesOf` and a number; `null` for anything else, however near. */
export function parseSample(line: string): Sample | null {
  const [, name, pairs, number] = sampleLine.exec(line) ?? [];
  if (name === undefined || pairs === undefined || number === undefined) return null;
  const labels: Record<string, string> = {};
  for (const [, label = '', value = ''] of pairs.matchAll(labelPair)) labels[label] = unescapeLabel(value);
  const value = Number(number);
  // Written once more it is the same, so nothing was passed over.
  return Number.isFinite(value) && `${seriesOf(name, labels)} ${value}` === line ? { name, labels, value } : null;
}

function unescapeLabel(value: string): string {
  return value.replaceAll(/\\(.)/g, (_, character: string) => (character === 'n' ? '\n' : character));
}
