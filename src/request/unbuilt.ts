/** Names that are decided and documented in Homeport's design, and that this version does not have yet. */
const unbuiltNames = {
  keys: ['strategy', 'edge', 'canary', 'drain-timeout', 'targets', 'ssh-key', 'known-hosts'],
} as const satisfies Record<string, readonly string[]>;

export type UnbuiltPlace = keyof typeof unbuiltNames;

export const unbuiltKeys: readonly string[] = unbuiltNames.keys;

export function isUnbuilt(place: UnbuiltPlace, name: unknown): name is string {
  return (unbuiltNames[place] as readonly unknown[]).includes(name);
}

export function notBuiltYet(name: string): string {
  return `\`${name}\` to be left out: it is not built yet in this version`;
}
