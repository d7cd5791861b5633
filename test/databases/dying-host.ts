import type { ExecOptions, Host } from '../../src/hosts/host.ts';

/** A Homeport that is killed right after a command: no other follows, and nobody hears what that one said. */
export function dyingHost(
  host: Host,
  isLast: (options: ExecOptions) => boolean,
): { host: Host /** Whether it came so far. */; died: () => boolean } {
  let dead = false;
  const dying: Host = {
    name: host.name,
    files: host.files,
    exec: async (argv, options) => {
      if (dead) throw new Error('killed');
      dead = isLast(options);
      const result = await host.exec(argv, options);
      if (dead) throw new Error('killed');
      return result;
    },
  };
  return { host: dying, died: () => dead };
}

/** For `dyingHost`: its command number `number`, from 1, of those that change something. */
export function isChange(number: number): (options: ExecOptions) => boolean {
  let changes = 0;
  return (options) => {
    if (options.changes === true) changes += 1;
    return options.changes === true && changes === number;
  };
}
