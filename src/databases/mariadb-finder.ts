import { asksItself, type DescribedService, type Finder, namesOfImage } from './finder.ts';

/** MariaDB and MySQL servers, with the database that their image is set up with and a user whose password is known. */
export const mariadbFinder: Finder = {
  kind: 'mariadb',
  recognise: (service) => {
    const { image, environment } = service;
    if (isMariadbImage(image) || isServer(environment) || asksItself(service, /\b(mysql|mariadb-)admin\b/))
      return 'server';
    return isSetUp(environment) ? 'perhaps' : 'no';
  },
  wanted: ({ name, environment }, entry) => {
    const database = entry?.database ?? (environment.MARIADB_DATABASE || environment.MYSQL_DATABASE || '');
    return { kind: 'mariadb', service: name, database, user: entry?.user ?? userOf(environment) };
  },
};

/** Root, unless its password was made up by the image and told to nobody. */
function userOf(environment: DescribedService['environment']): string {
  const root = environment.MARIADB_ROOT_USER || 'root';
  const own = environment.MARIADB_USER || environment.MYSQL_USER;
  if (own === undefined || own === '') return root;
  return Object.keys(environment).some((name) => rootIsKnown.test(name)) ? root : own;
}

const rootIsKnown =
  /^(FILE__)?(MARIADB|MYSQL)_ROOT_PASSWORD(_FILE)?$|^(MARIADB_ALLOW_EMPTY_ROOT_PASSWORD|MYSQL_ALLOW_EMPTY_PASSWORD|ALLOW_EMPTY_PASSWORD)$/;

const serverNames =
  /^(mariadb|alpine-mariadb|mariadb-server|mariadb-galera|mysql|mysql-server|community-server|mysql-community-server|enterprise-server|percona|percona-server|percona-xtradb-cluster|(mariadb|mysql)-\d+(-c9s|-c10s)?|mysql-\d+-(centos7|rhel\d|c9s))$/;

/** Whether an image reference names a MariaDB or MySQL server by the last part of its name. */
export function isMariadbImage(image: string | undefined): boolean {
  return image !== undefined && serverNames.test(namesOfImage(image).base);
}

/** What the server images define for themselves and nobody sets for a client. */
function isServer(environment: DescribedService['environment']): boolean {
  return ['MARIADB_VERSION', 'MYSQL_MAJOR', 'MYSQL_SHELL_VERSION', 'MYSQL_DATADIR'].some((name) => name in environment);
}

const serverSettings =
  /^(FILE__)?(MARIADB|MYSQL)_(ROOT_PASSWORD(_FILE|_HASH)?|RANDOM_ROOT_PASSWORD|ALLOW_EMPTY(_ROOT)?_PASSWORD|INITDB_SKIP_TZINFO)$/;
const clientSettings =
  /^(DB_HOST|DATABASE_HOST|DATABASE_URL|DB_URL|WORDPRESS_DB_HOST|PMA_HOSTS?|(MARIADB|MYSQL)_(HOST|HOSTNAME|SERVER|ADDRESS|PORT|PORT_NUMBER|URL|URI|DSN))$/;

/** The settings alone prove little, as applications often share the env file of their database. */
function isSetUp(environment: DescribedService['environment']): boolean {
  const names = Object.keys(environment);
  return names.some((name) => serverSettings.test(name)) && !names.some((name) => clientSettings.test(name));
}
