import type { ComposeModel } from './model.ts';

/** A database that a service of the project uses, and that is none of it. */
export interface DatabaseOutside {
  readonly service: string;
  /** For people: `PostgreSQL`. */
  readonly engine: string;
  readonly host: string;
}

const engines: readonly (readonly [RegExp, string])[] = [
  [/^postgres(ql)?$/, 'PostgreSQL'],
  [/^mysql2?$/, 'MySQL'],
  [/^mariadb$/, 'MariaDB'],
  [/^mongodb$/, 'MongoDB'],
  [/^(sqlserver|mssql)$/, 'SQL Server'],
];

/**
 * By the URLs in the environment of the services, of which only scheme and host are taken: the rest is secret. Caches and
 * queues are left out. Pure.
 */
export function databasesOutside(model: ComposeModel, services: readonly string[]): DatabaseOutside[] {
  const inside = namesInside(model);
  const found = services.flatMap((service) =>
    Object.values(model.services[service]?.environment ?? {}).flatMap((value) => {
      const [, scheme = '', host = ''] =
        /^(?:jdbc:)?([a-z\d]+)(?:\+[a-z\d]+)?:\/\/(?:[^@\s/]*@)?([^\s/:,?;]+)/i.exec(value ?? '') ?? [];
      const [, engine] = engines.find(([name]) => name.test(scheme.toLowerCase())) ?? [];
      return engine === undefined || inside.has(host.toLowerCase()) ? [] : [{ service, engine, host }];
    }),
  );
  const keyOf = ({ service, engine, host }: DatabaseOutside) => `${service} ${engine} ${host}`;
  return [...new Map(found.map((one) => [keyOf(one), one])).values()];
}

/** What a service may call another one, or itself. */
function namesInside({ services }: ComposeModel): ReadonlySet<string> {
  const names = Object.entries(services).flatMap(([name, service]) => [
    name,
    service.container_name ?? name,
    service.hostname ?? name,
    ...Object.values(service.networks ?? {}).flatMap((network) => network?.aliases ?? []),
    ...(service.links ?? []).map((link) => link.slice(link.indexOf(':') + 1)),
  ]);
  return new Set([...names, 'localhost', '127.0.0.1', '[::1]'].map((name) => name.toLowerCase()));
}
