import { formatPercent } from './facts.ts';
import type { Face } from './history-figures.ts';
import type { Markup } from './markup.ts';
import { html } from './page.ts';
import { durationScale, percentRange, tickWords } from './scale.ts';

/*
 * Across, all is in percent, so that a chart is as wide as its page without a script; up and down, in pixels, so that
 * nothing is distorted.
 */
const head = 20;
const height = 140;
const foot = 24;
/** A few deployments do not become a few huge bars. */
const fewestSlots = 16;
/** Pixels; with more deployments than fit, the chart scrolls by itself, and shows the newest first. */
const narrowestSlot = 6;
/** Pixels that a date takes, with room around it. */
const dateWidth = 200;

export interface Column {
  readonly seconds: number;
  readonly face: Face;
  /** Shown by the browser when somebody points at it. */
  readonly title: string;
  readonly date: string;
}

/** One bar a deployment, oldest on the left. */
export function durationChart(columns: readonly Column[]): { chart: Markup; beyond: boolean } {
  const scale = durationScale(columns.map(({ seconds }) => seconds));
  const { left, width } = slotsOf(columns.length);
  const bars = columns.map(({ seconds, face, title }, index) => {
    const tall = Math.max(2, height * Math.min(1, seconds / scale.top));
    const top = head + height - tall;
    const [begin, end] = [left(index + 0.15), left(index + 0.85)];
    return html`<g class="deployment ${face.tone}"><title>${title}</title><rect class="hit" x="${percent(left(index))}" y="0" width="${percent(width)}" height="${head + height}"/><rect class="column" x="${percent(begin)}" y="${pixels(top)}" width="${percent(end - begin)}" height="${pixels(tall)}"/>${
      seconds > scale.top &&
      html`<line class="gap" x1="${percent(begin)}" x2="${percent(end)}" y1="${head + 16}" y2="${head + 11}"/>`
    }${face.tone !== 'good' && html`<text class="mark" x="${percent(left(index + 0.5))}" y="${pixels(top - 5)}">${face.mark}</text>`}</g>\n`;
  });
  const ticks = scale.ticks.map((seconds) => ({ part: seconds / scale.top, words: tickWords(seconds) }));
  const label = `Duration of ${columns.length} deployments`;
  return {
    chart: frame({ label, ticks, dates: columns.map(({ date }) => date), content: html`${bars}` }),
    beyond: columns.some(({ seconds }) => seconds > scale.top),
  };
}

export interface Point {
  /** 0 to 100 */
  readonly percent: number;
  readonly tooLow: boolean;
  readonly title: string;
  readonly date: string;
}

/** A line through what was measured, oldest on the left, and a dashed one at the minimum. */
export function coverageChart(points: readonly Point[], minimum: number | null): Markup {
  const range = percentRange([...points.map((point) => point.percent), ...(minimum === null ? [] : [minimum])]);
  const part = (value: number) => (value - range.low) / (range.high - range.low);
  const y = (value: number) => head + height * (1 - part(value));
  const { left } = slotsOf(points.length);
  const line = points.map(
    (point, index) => `${left(index + 0.5).toFixed(3)},${(100 * (1 - part(point.percent))).toFixed(2)}`,
  );
  const dots = points.map(({ percent: value, tooLow, title }, index) => {
    const x = percent(left(index + 0.5));
    return html`<g class="measured ${tooLow ? 'bad' : 'good'}"><title>${title}</title><circle class="hit" cx="${x}" cy="${pixels(y(value))}" r="9"/><circle class="dot" cx="${x}" cy="${pixels(y(value))}" r="3"/>${
      tooLow && html`<text class="mark" x="${x}" y="${pixels(y(value) - 7)}">×</text>`
    }</g>\n`;
  });
  const content = html`<svg class="stretched" y="${head}" width="100%" height="${height}" viewBox="0 0 100 100" preserveAspectRatio="none"><polyline class="line" points="${line.join(' ')}"/></svg>
${minimum !== null && html`<line class="minimum" x1="0" x2="100%" y1="${pixels(y(minimum))}" y2="${pixels(y(minimum))}"/>`}
${dots}`;
  const middle = (range.low + range.high) / 2;
  const ticks = [range.low, middle, range.high].map((value) => ({ part: part(value), words: `${value} %` }));
  const [first, last] = [points.at(0), points.at(-1)].map((point) => formatPercent(point?.percent ?? 0));
  const label = `Coverage in ${points.length} deployments, from ${first} to ${last}`;
  return frame({ label, ticks, dates: points.map(({ date }) => date), content });
}

function frame(chart: {
  label: string;
  ticks: readonly { part: number; words: string }[];
  dates: readonly string[];
  content: Markup;
}): Markup {
  const count = chart.dates.length;
  const { slots, left } = slotsOf(count);
  const y = (part: number) => pixels(head + height * (1 - part));
  const grid = chart.ticks.map(
    ({ part }) => html`<line class="grid" x1="0" x2="100%" y1="${y(part)}" y2="${y(part)}"/>`,
  );
  const dates = datesShown(count).map((index, place, shown) => {
    const side = place === 0 ? 'start' : place === shown.length - 1 ? 'end' : 'middle';
    return html`<text class="date" text-anchor="${side}" x="${percent(left(index + (side === 'end' ? 0.9 : side === 'start' ? 0.1 : 0.5)))}" y="${head + height + 17}">${chart.dates[index] ?? ''}</text>`;
  });
  return html`<div class="chart"><div class="scale" aria-hidden="true">${chart.ticks.map(
    ({ part, words }) => html`<span style="top:${y(part)}px">${words}</span>`,
  )}</div>
<div class="plot" tabindex="0" role="region" aria-label="${chart.label}"><svg role="img" aria-label="${chart.label}" width="100%" height="${
    head + height + foot
  }" style="min-width:${slots * narrowestSlot}px">${grid}
${chart.content}${dates}</svg></div></div>`;
}

function slotsOf(count: number): { slots: number; width: number; left: (slot: number) => number } {
  const slots = Math.max(fewestSlots, count);
  return { slots, width: 100 / slots, left: (slot) => (100 * slot) / slots };
}

/** Which of them have room for their date, on a phone too. */
function datesShown(count: number): number[] {
  if (count === 0) return [];
  if (count < 10) return [0];
  const gaps = count < fewestSlots ? 1 : Math.max(2, Math.floor((count * narrowestSlot) / dateWidth));
  return Array.from({ length: gaps + 1 }, (_, index) => Math.round((index * (count - 1)) / gaps));
}

function percent(value: number): string {
  return `${Number(value.toFixed(3))}%`;
}

function pixels(value: number): string {
  return `${Number(value.toFixed(1))}`;
}
