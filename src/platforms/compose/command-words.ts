/**
 * The argv for a user's one-line command inside a container: its words where it is plain, so that it also works in an
 * image without a shell, else `sh -c` with the line as one argument. (As make does it.)
 */
export function commandWords(command: string): string[] {
  const line = command.trim();
  const plain = /^[\w@%+=:,./ -]+$/.test(line) && !/^\w+=/.test(line);
  return plain ? line.split(/ +/) : ['sh', '-ec', line];
}
