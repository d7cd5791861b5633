import type { ExecOptions, Host } from '../../src/hosts/host.ts';

/**
 * A Homeport that is killed right after the command for which `isLast` says so (by its number, from 1, or its options):
 * no command follows, and nobody hears what that one said. `died` tells whether it came so far.
 */
export function dyingHost(
  host: Host,
  isLast: (number: number, options: ExecOptions) => boolean,
): { host: Host; died: () => boolean } {
  let commands = 0;
  let dead = false;
  const dying: Host = {
    name: host.name,
    files: host.files,
    exec: async (argv, options) => {
      if (dead) throw new Error('killed');
      commands += 1;
      dead = isLast(commands, options);
      const result = await host.exec(argv, options);
      if (dead) throw new Error('killed');
      return result;
    },
  };
  return { host: dying, died: () => dead };
}
