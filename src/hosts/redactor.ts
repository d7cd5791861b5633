import { formsOf } from './secret-forms.ts';

/** Characters; from this length on a secret is also found where it is broken over lines. */
const breakable = 8;
/** A line end, and what a log or a YAML text puts before the next line. */
const lineBreak = /\r?\n[ \t]*/g;
/** A form is looked up by its first characters, so that a thousand secrets cost no more than one. */
const keyLength = 3;
/** Characters of a text's end in which a form may have begun. */
const longestBegun = 4096;

interface Found {
  readonly start: number;
  readonly end: number;
}

/**
 * Takes secrets out of everything that is printed: as they are, in base64 (at each of the three alignments) and
 * URL-encoded, also where one is broken over several lines. Values under 3 characters would blank out half of any log
 * and are left alone.
 */
export class Redactor {
  readonly #forms = new Set<string>();
  /** By their first characters, the longest first. */
  readonly #byStart = new Map<string, string[]>();
  /** How those begin that may be broken over lines: one and two characters. */
  readonly #begins = new Set<string>();

  /** All forms in which each secret is hidden; the action hands them to the runner as masks too. */
  get forms(): readonly string[] {
    return [...this.#forms];
  }

  add(secret: string): void {
    for (const part of new Set([secret, ...secret.split('\n')])) {
      const value = part.trim();
      if (value.length < keyLength || value === 'true' || value === 'false') continue;
      for (const form of formsOf(value)) this.#addForm(form);
    }
  }

  redact(text: string): string {
    const hidden = replace(text, this.#find(text, 0));
    return hidden.includes('\n') ? replace(hidden, this.#findBroken(hidden)) : hidden;
  }

  /** Whether a secret may have begun at the end of this text, and may go on in the next line. */
  mayGoOn(text: string): boolean {
    const end = text
      .slice(-2 * longestBegun)
      .replace(lineBreak, '')
      .slice(-longestBegun);
    for (let at = Math.max(0, end.length - keyLength + 1); at < end.length; at += 1) {
      if (this.#begins.has(end.slice(at))) return true;
    }
    for (let at = 0; at <= end.length - keyLength; at += 1) {
      for (const form of this.#startingLike(end, at)) {
        if (form.length >= breakable && form.length > end.length - at && form.startsWith(end.slice(at))) return true;
      }
    }
    return false;
  }

  #addForm(form: string): void {
    if (this.#forms.has(form)) return;
    this.#forms.add(form);
    const key = form.slice(0, keyLength);
    const others = this.#byStart.get(key) ?? [];
    others.splice(firstShorter(others, form.length), 0, form);
    this.#byStart.set(key, others);
    if (form.length < breakable) return;
    for (let length = 1; length < keyLength; length += 1) this.#begins.add(form.slice(0, length));
  }

  #startingLike(text: string, at: number): readonly string[] {
    return this.#byStart.get(text.slice(at, at + keyLength)) ?? [];
  }

  /** From left to right, at each place the longest. */
  #find(text: string, least: number): Found[] {
    const found: Found[] = [];
    if (this.#forms.size === 0) return found;
    for (let at = 0; at <= text.length - keyLength; at += 1) {
      const form = this.#startingLike(text, at).find((one) => one.length >= least && text.startsWith(one, at));
      if (form === undefined) continue;
      found.push({ start: at, end: at + form.length });
      at += form.length - 1;
    }
    return found;
  }

  /** What is there once the line ends are not. */
  #findBroken(text: string): Found[] {
    const pieces: { readonly from: number; readonly at: number }[] = [];
    let joined = '';
    let from = 0;
    for (const { 0: gap, index } of [...text.matchAll(lineBreak), { 0: '', index: text.length }]) {
      pieces.push({ from, at: joined.length });
      joined += text.slice(from, index);
      from = index + gap.length;
    }
    const pieceOf = (at: number) => pieces.findLastIndex((piece) => piece.at <= at);
    return this.#find(joined, breakable).flatMap(({ start, end }) => {
      const [first, last] = [pieceOf(start), pieceOf(end - 1)];
      // Within one line it was found before, if it is one there.
      if (first === last) return [];
      const original = (at: number, piece: number) => (pieces[piece]?.from ?? 0) + at - (pieces[piece]?.at ?? 0);
      return [{ start: original(start, first), end: original(end, last) }];
    });
  }
}

/** Where a form of this length goes into a list that has the longest first; half of what is left at each step. */
function firstShorter(forms: readonly string[], length: number): number {
  let [from, to] = [0, forms.length];
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    if ((forms[middle]?.length ?? 0) >= length) from = middle + 1;
    else to = middle;
  }
  return from;
}

function replace(text: string, found: readonly Found[]): string {
  let left = '';
  let at = 0;
  for (const { start, end } of found) {
    left += `${text.slice(at, start)}***`;
    at = end;
  }
  return left + text.slice(at);
}
