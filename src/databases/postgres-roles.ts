import { HomeportError } from '../deployment/error.ts';
import type { PartialFile } from '../hosts/host.ts';
import { explain } from './explain.ts';
import { clientArgv, type PostgresClient, quoteLiteral, runSql } from './postgres-client.ts';

/**
 * Writes the roles of the whole server as SQL, with the hashes of their passwords where the user may read them. The
 * file is finished but doesn't have its name yet. Throws `HomeportError`.
 */
export async function dumpRoles(client: PostgresClient, path: string, superuser: boolean): Promise<PartialFile> {
  const { host, signal, timeout, say } = client.context;
  const passwords = superuser ? [] : ['--no-role-passwords'];
  if (!superuser) {
    say(`${client.target.service}: the roles are saved without passwords, as the user is no superuser`);
  }
  const partial = await host.files.createPartial(path, 0o600);
  try {
    const argv = clientArgv(client, ['pg_dumpall', '--roles-only', '-w', ...passwords]);
    const result = await host.exec(argv, { output: partial.stream, timeout, signal, changes: true });
    if (result.outcome !== 'success') throw explain(result, `The roles of ${client.target.service} could not be saved`);
    await partial.finish();
    return partial;
  } catch (error) {
    await partial.discard();
    throw error;
  }
}

/** The statements for each role of a roles file, by the role that they are about. */
export function statementsByRole(sql: string): Map<string, string[]> {
  const roles = new Map<string, string[]>();
  const name = '("(?:[^"]|"")+"|[^\\s";]+)';
  const creation = new RegExp(`^CREATE ROLE ${name};$`);
  const grant = new RegExp(`^GRANT ${name} TO ${name}(?: .*)?;$`);
  const alteration = new RegExp(`^(?:ALTER ROLE|COMMENT ON ROLE) ${name} .*;$`);
  for (const line of sql.split('\n')) {
    const created = creation.exec(line)?.[1];
    if (created !== undefined) roles.set(plainName(created), [line]);
    const about = alteration.exec(line)?.[1] ?? grant.exec(line)?.[2];
    if (about !== undefined) roles.get(plainName(about))?.push(line);
  }
  return roles;
}

function plainName(identifier: string): string {
  return identifier.startsWith('"') ? identifier.slice(1, -1).replaceAll('""', '"') : identifier;
}

/**
 * Creates the roles that the server lacks, as the file says; those that exist are left alone, passwords too.
 * Throws `HomeportError`.
 */
export async function createMissingRoles(client: PostgresClient, from: string, path: string): Promise<void> {
  const { host, say } = client.context;
  const text = await host.files.readText(path);
  if (text === null) {
    say(`${client.target.service}: there is no ${path}; roles that are missing are not created`);
    return;
  }
  const roles = statementsByRole(text);
  const asked = 'SELECT json_build_array(rolname) FROM pg_roles;';
  const lines = await runSql(client, from, asked, 'The roles of the server could not be listed');
  const existing = new Set(lines.map((line) => (JSON.parse(line) as [string])[0]));
  const missing = [...roles].filter(([role]) => !existing.has(role));
  if (missing.length === 0) return;
  say(`${client.target.service}: creating roles ${missing.map(([role]) => role).join(', ')}`);
  // All CREATE first: the grants that follow name other roles. One transaction, so that a failure leaves none.
  const statements = missing.flatMap(([, own]) => own);
  const inOrder = [
    ...statements.filter((one) => one.startsWith('CREATE ')),
    ...statements.filter((one) => !one.startsWith('CREATE ')),
  ];
  try {
    await runSql(client, from, `BEGIN;\n${inOrder.join('\n')}\nCOMMIT;`, 'The roles could not be created', {
      changes: true,
    });
  } catch (error) {
    if (!(error instanceof HomeportError)) throw error;
    throw new HomeportError(error.message, {
      hint: `Create the roles ${missing.map(([role]) => quoteLiteral(role)).join(', ')} by hand, then restore again.`,
      cause: error,
    });
  }
}
