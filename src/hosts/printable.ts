/** As one would type it; `***` is what a secret was. Only for reading: it is never given to a shell. */
export function printable(argv: readonly string[]): string {
  return argv
    .map((word) => (/^(?:[\w@%+=:,./-]|\*{3})+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`))
    .join(' ');
}
