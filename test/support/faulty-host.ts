import { Transform, Writable } from 'node:stream';
import type { ExecOptions, Host } from '../../src/hosts/host.ts';

/** A host on which one command meets with something; everything else is as on the host beneath. */
export function hostWith(
  host: Host,
  command: string,
  change: (
    argv: readonly [string, ...string[]],
    options: ExecOptions,
  ) => { argv?: readonly [string, ...string[]]; options?: ExecOptions } | Promise<void>,
): Host {
  return {
    name: host.name,
    files: host.files,
    exec: async (argv, options) => {
      if (!argv.includes(command)) return await host.exec(argv, options);
      const changed = (await change(argv, options)) ?? {};
      return await host.exec(changed.argv ?? argv, changed.options ?? options);
    },
  };
}

/** Passes on only the first bytes of what comes, and swallows the rest. */
export function cutAfter(output: Writable | undefined, bytes: number): Writable {
  let left = bytes;
  const cut = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const kept = chunk.subarray(0, Math.max(0, left));
      left -= chunk.length;
      done(null, kept);
    },
  });
  if (output !== undefined) cut.pipe(output, { end: false });
  return cut;
}

/** Takes the first bytes and then no more until it is let go: the command that writes into it stands still. */
export function heldAfter(
  output: Writable | undefined,
  bytes: number,
): { stream: Writable; held: Promise<void>; release: () => void } {
  const { promise: held, resolve: isHeld } = Promise.withResolvers<void>();
  const { promise: released, resolve: release } = Promise.withResolvers<void>();
  let seen = 0;
  const stream = new Writable({
    write(chunk: Buffer, _encoding, done) {
      seen += chunk.length;
      output?.write(chunk);
      if (seen < bytes) return done();
      isHeld();
      released.then(() => done());
    },
  });
  return { stream, held, release };
}
