/** What only a shell can do, where no program of that name has to be in the image. */
const shellOnly = new Set(
  '. : cd command eval exec exit export readonly return set shift source trap type ulimit umask unset wait'.split(' '),
);

/**
 * The argv for a user's one-line command inside a container: its words where it is plain, so that it also works in an
 * image without a shell, else `sh -c` with the line as one argument. (As make does it.)
 */
export function commandWords(command: string): string[] {
  const line = command.trim();
  const words = line.split(/ +/);
  const plain = /^[\w@%+=:,./ -]+$/.test(line) && !/^\w+=/.test(line) && !shellOnly.has(words[0] ?? '');
  return plain ? words : ['sh', '-ec', line];
}
