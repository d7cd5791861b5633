import { styleText } from 'node:util';

type Tone = 'plain' | 'strong' | 'good' | 'bad' | 'warning' | 'soft';

const formats = {
  plain: [],
  strong: ['bold'],
  good: ['green'],
  bad: ['red'],
  warning: ['yellow'],
  soft: ['dim'],
} as const satisfies Record<Tone, readonly Parameters<typeof styleText>[0][]>;

const isTerminal = process.stdout.isTTY === true;
let isBusyShown = false;

/** Prints one line; coloured only on a terminal, and not where NO_COLOR is set. */
export function say(text: string, tone: Tone = 'plain'): void {
  clearBusy();
  process.stdout.write(`${paint(text, tone)}\n`);
}

/** Shows what goes on at the moment, in a line that the next one replaces; only on a terminal. */
export function sayBusy(text: string): void {
  if (!isTerminal) return;
  clearBusy();
  // A line that wraps could not be taken back as a whole. Some terminals say that they have 0 columns.
  process.stdout.write(paint(text.slice(0, (process.stdout.columns || 80) - 1), 'soft'));
  isBusyShown = true;
}

export function clearBusy(): void {
  if (!isBusyShown) return;
  isBusyShown = false;
  process.stdout.write('\r\u001b[K');
}

/** `label` in a column of its own. */
export function sayFact(label: string, text: string, tone: Tone = 'plain'): void {
  say(`  ${label.padEnd(12)} ${text}`, tone);
}

function paint(text: string, tone: Tone): string {
  // Looks at the terminal, NO_COLOR and FORCE_COLOR by itself.
  return styleText([...formats[tone]], text, { stream: process.stdout });
}
