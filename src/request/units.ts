const durationUnits = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;
const sizeUnits = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 } as const;

export const durationText = /^(\d+(?:\.\d+)?)(ms|s|m|h|d)$/;
export const sizeText = /^(\d+(?:\.\d+)?)(B|KiB|MiB|GiB|TiB)$/;

/** Milliseconds of `90s`, `10m`, `2h`, `7d` or `500ms`; `null` when the text is none of these. */
export function parseDuration(text: string): number | null {
  const match = durationText.exec(text.trim());
  if (!match) return null;
  return Number(match[1]) * durationUnits[match[2] as keyof typeof durationUnits];
}

/** Bytes of `512MiB`, `10GiB`; `null` when the text is none of these. */
export function parseSize(text: string): number | null {
  const match = sizeText.exec(text.trim());
  if (!match) return null;
  return Math.round(Number(match[1]) * sizeUnits[match[2] as keyof typeof sizeUnits]);
}

/** `1.2 GiB` for people. */
export function formatSize(bytes: number): string {
  for (const unit of ['TiB', 'GiB', 'MiB', 'KiB'] as const) {
    if (bytes >= sizeUnits[unit]) return `${(bytes / sizeUnits[unit]).toFixed(1)} ${unit}`;
  }
  return `${bytes} B`;
}

/** `71.2s`, `4m 05s`, `1h 02m` for people. */
export function formatDuration(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)}s`;
  const whole = Math.round(seconds);
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes}m ${String(whole % 60).padStart(2, '0')}s`;
  return `${Math.floor(minutes / 60)}h ${String(minutes % 60).padStart(2, '0')}m`;
}

const spelledOut = [
  ['ms', /^(ms|millis\w*)$/i],
  ['s', /^s(ec(ond)?s?)?$/i],
  ['m', /^m(in(ute)?s?)?$/i],
  ['h', /^h((ou)?rs?)?$/i],
  ['d', /^d(ays?)?$/i],
] as const;

/** The duration that `10 min`, `90sec` or `1H` was probably meant to be; `null` when there is no telling. */
export function likelyDuration(text: string): string | null {
  const [, amount, word = ''] = /^\s*(\d+(?:\.\d+)?)\s*(\w+)\s*$/.exec(text) ?? [];
  const unit = spelledOut.find(([, spelling]) => spelling.test(word))?.[0];
  return amount !== undefined && unit !== undefined ? `${amount}${unit}` : null;
}

/** The size that `512 MB`, `10G` or `10gib` was probably meant to be; `null` when there is no telling. */
export function likelySize(text: string): string | null {
  const match = /^\s*(\d+(?:\.\d+)?)\s*([kmgt])(?:i?b)?\s*$/i.exec(text);
  return match ? `${match[1]}${match[2]?.toUpperCase()}iB` : null;
}
