import type { DatabaseContext, DatabaseTarget } from './database.ts';

/**
 * See `DatabaseKind.isClientAlone`. Such a container has no program of the server (`programs`, a regular expression of its
 * name), and one of `variables` names a server elsewhere. Without both, or where the container does not tell, it is taken
 * for a server: one that starts just now has no program either.
 */
export async function isClientAlone(
  target: DatabaseTarget,
  programs: RegExp,
  variables: readonly string[],
  { host, signal }: DatabaseContext,
): Promise<boolean> {
  const values = variables.map((name) => `\${${name}:-}`).join('');
  const script = `cat /proc/[0-9]*/comm; echo "elsewhere ${values}"`;
  const argv = ['docker', 'exec', target.container, 'sh', '-c', script] as const;
  const told = await host.exec(argv, { timeout: 30_000, signal, record: false });
  const names = told.stdout.split('\n');
  return names.some((line) => /^elsewhere \S/.test(line)) && !names.some((name) => programs.test(name));
}
