import type { Host, HostFiles, PartialFile } from '../../src/hosts/host.ts';

const changes: readonly PropertyKey[] = [
  'writeText',
  'createPartial',
  'remove',
  'rename',
  'finish',
  'keep',
  'discard',
] satisfies readonly (keyof HostFiles | keyof PartialFile)[];

/** A Homeport that is killed right after its change number `last`, from 1, to files: nothing follows. */
export function dyingFiles(host: Host, last: number): { host: Host; died: () => boolean } {
  let made = 0;
  const watched = <T extends object>(target: T): T =>
    new Proxy(target, {
      get: (object, name) => {
        const value: unknown = Reflect.get(object, name);
        if (typeof value !== 'function' || !changes.includes(name)) {
          return typeof value === 'function' ? value.bind(object) : value;
        }
        return async (...words: readonly unknown[]) => {
          if (made >= last) throw new Error('killed');
          const result: unknown = await value.apply(object, words);
          made += 1;
          if (made === last) throw new Error('killed');
          return name === 'createPartial' ? watched(result as PartialFile) : result;
        };
      },
    });
  const files = watched(host.files);
  return {
    host: { name: host.name, files, exec: async (argv, options) => await host.exec(argv, options) },
    died: () => made >= last,
  };
}
