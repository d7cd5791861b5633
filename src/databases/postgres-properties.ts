import { z } from 'zod';
import { type PostgresClient, quoteIdentifier, quoteLiteral, runSql } from './postgres-client.ts';

const properties = z.object({
  owner: z.string(),
  connectionLimit: z.number(),
  comment: z.string().nullable(),
  /** `null`: nobody ever granted or revoked, the defaults hold. */
  privileges: z
    .array(z.object({ grantee: z.string().nullable(), privilege: z.string(), grantable: z.boolean() }))
    .nullable(),
  settings: z.array(z.object({ role: z.string().nullable(), entries: z.array(z.string()) })).nullable(),
});

/**
 * Statements that give one database what a dump of another doesn't carry, as it belongs to the database itself: owner,
 * privileges, connection limit, comment, and the settings of `ALTER DATABASE … SET`, also those for single roles.
 * Throws `HomeportError`.
 */
export async function copyPropertiesSql(client: PostgresClient, from: string, to: string): Promise<string> {
  const sql = `SELECT json_build_object(
    'owner', pg_get_userbyid(d.datdba),
    'connectionLimit', d.datconnlimit,
    'comment', shobj_description(d.oid, 'pg_database'),
    'privileges', CASE WHEN d.datacl IS NOT NULL THEN coalesce((
      SELECT json_agg(json_build_object('privilege', a.privilege_type, 'grantable', a.is_grantable,
        'grantee', CASE WHEN a.grantee <> 0 THEN pg_get_userbyid(a.grantee) END))
      FROM aclexplode(d.datacl) a), '[]') END,
    'settings', (
      SELECT json_agg(json_build_object('entries', s.setconfig,
        'role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END))
      FROM pg_db_role_setting s WHERE s.setdatabase = d.oid))
    FROM pg_database d WHERE d.datname = ${quoteLiteral(client.target.database)};`;
  const what = `The settings of ${client.target.database} could not be read`;
  const lines = await runSql(client, from, sql, what);
  const found = properties.parse(JSON.parse(lines.join('')));
  const name = quoteIdentifier(to);
  const statements = [
    `ALTER DATABASE ${name} OWNER TO ${quoteIdentifier(found.owner)};`,
    `ALTER DATABASE ${name} CONNECTION LIMIT ${found.connectionLimit};`,
    ...(found.comment === null ? [] : [`COMMENT ON DATABASE ${name} IS ${quoteLiteral(found.comment)};`]),
  ];
  if (found.privileges !== null) {
    statements.push(`REVOKE ALL ON DATABASE ${name} FROM PUBLIC, ${quoteIdentifier(found.owner)};`);
    for (const { grantee, privilege, grantable } of found.privileges) {
      const to = grantee === null ? 'PUBLIC' : quoteIdentifier(grantee);
      statements.push(`GRANT ${privilege} ON DATABASE ${name} TO ${to}${grantable ? ' WITH GRANT OPTION' : ''};`);
    }
  }
  for (const { role, entries } of found.settings ?? []) {
    const whose = role === null ? `DATABASE ${name}` : `ROLE ${quoteIdentifier(role)} IN DATABASE ${name}`;
    for (const entry of entries) statements.push(`ALTER ${whose} SET ${settingSql(entry)};`);
  }
  return `BEGIN;\n${statements.join('\n')}\nCOMMIT;`;
}

/** These hold lists of names: one quoted text would become one name. */
const listSettings = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** `name=value`, as the catalog has it, for `SET`. */
export function settingSql(entry: string): string {
  const at = entry.indexOf('=');
  const name = entry.slice(0, at);
  const value = entry.slice(at + 1);
  if (!listSettings.has(name.toLowerCase())) return `${quoteIdentifier(name)} TO ${quoteLiteral(value)}`;
  const items = [...value.matchAll(/"((?:[^"]|"")*)"|([^",\s]+)/g)].map(
    ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? '',
  );
  return `${quoteIdentifier(name)} TO ${items.length === 0 ? "''" : items.map(quoteLiteral).join(', ')}`;
}
