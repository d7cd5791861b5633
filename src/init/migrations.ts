import { posix } from 'node:path';
import type { Service } from './compose-services.ts';
import { keepsData } from './databases.ts';
import { below, folderOf, type Repository } from './repository.ts';
import { inFolder } from './suite.ts';

export interface MigrationPlan {
  /** For the setting `migrate`. */
  readonly migrate: Readonly<Record<string, string>>;
  readonly found: readonly string[];
  readonly missing: readonly string[];
}

interface MigrationTool {
  readonly tool: string;
  /** The file that shows it, from the folder in which its command is run. */
  readonly marker: RegExp;
  /** How many folders above the marker the command is run in. */
  readonly above: number;
  /** `null` where it can't be told: it needs an address, or the application does it by itself. */
  readonly command: string | null;
  readonly unless?: (repository: Repository, folder: string) => boolean;
}

const tools: readonly MigrationTool[] = [
  { tool: 'Alembic by Flask-Migrate', marker: /^migrations\/alembic\.ini$/, above: 1, command: 'flask db upgrade' },
  { tool: 'Alembic', marker: /^alembic\.ini$/, above: 0, command: 'alembic upgrade head' },
  { tool: 'Django', marker: /^manage\.py$/, above: 0, command: 'python manage.py migrate --noinput' },
  {
    tool: 'Prisma',
    marker: /^prisma\/schema\.prisma$/,
    above: 1,
    command: 'npx prisma migrate deploy',
    unless: (repository, folder) =>
      !repository.files.some((path) => path.startsWith(inFolder(folder, 'prisma/migrations/'))),
  },
  { tool: 'Knex', marker: /^knexfile\.[cm]?[jt]s$/, above: 0, command: 'npx knex migrate:latest' },
  { tool: 'Sequelize', marker: /^\.sequelizerc$/, above: 0, command: 'npx sequelize-cli db:migrate' },
  { tool: 'Drizzle', marker: /^drizzle\.config\.[cm]?[jt]s$/, above: 0, command: 'npx drizzle-kit migrate' },
  { tool: 'Rails', marker: /^bin\/rails$/, above: 1, command: 'bin/rails db:migrate' },
  { tool: 'Laravel', marker: /^artisan$/, above: 0, command: 'php artisan migrate --force' },
  { tool: 'Flyway', marker: /^src\/main\/resources\/db\/migration\/V[^/]*\.sql$/, above: 5, command: null },
  {
    tool: 'Liquibase',
    marker: /^src\/main\/resources\/(config\/liquibase\/master|db\/changelog\/db\.changelog-master)\.\w+$/,
    above: 5,
    command: null,
  },
  { tool: 'golang-migrate', marker: /^(?:db\/)?migrations\/[^/]*\.up\.sql$/, above: 1, command: null },
];

/** Migrations that a tool keeps, run in the service whose image is built from the tool's folder. */
export function planMigrations(repository: Repository, services: readonly Service[]): MigrationPlan {
  const migrate: Record<string, string> = {};
  const found: string[] = [];
  const missing: string[] = [];
  for (const { tool, folder, command } of toolsIn(repository)) {
    const where = `migrations: ${tool}${folder === '' ? '' : ` in ${folder}`}`;
    const service = command === null ? null : serviceFor(services, folder);
    if (command === null) {
      missing.push(
        `${where}: either the application runs them when it starts, or \`migrate: {service: command}\` has to say how`,
      );
    } else if (service === null) {
      missing.push(
        `${where}: no service is built from there; \`migrate: {service: ${command}}\` runs them in the one that has it`,
      );
    } else if (migrate[service.name] !== undefined) {
      missing.push(`${where}: ${service.name} has a migration already, and takes one command`);
    } else {
      migrate[service.name] = command;
      found.push(
        `${where}, run in ${service.name} (${tool === 'Prisma' || /^npx/.test(command) ? 'its package has to be in the image' : 'once, before the new version takes traffic'})`,
      );
    }
  }
  const atStart = services.filter((service) =>
    /\bmigrate\b|db:migrate|alembic upgrade|db upgrade/.test(service.command),
  );
  for (const { name } of atStart) {
    missing.push(
      `${name} runs migrations itself when it starts: once they are in \`migrate\`, its own command can leave them out`,
    );
  }
  if (found.length === 0 && missing.length === 0)
    missing.push('migrations: no tool that is known (`migrate:` takes any command)');
  return { migrate, found, missing };
}

function toolsIn(repository: Repository): { tool: string; folder: string; command: string | null }[] {
  const seen = new Set<string>();
  return tools.flatMap(({ tool, marker, above, command, unless }) =>
    repository.files.flatMap((path) => {
      if (below(path, repository.folder) === null) return [];
      const parts = path.split('/');
      for (let depth = 0; depth < Math.min(parts.length, 4); depth += 1) {
        if (!marker.test(parts.slice(depth).join('/'))) continue;
        const folder = upFrom(folderOf(path), above);
        // Flask's alembic.ini is Alembic's too; a tool has many files, and is told once.
        const key = command === null ? tool : folder + (/Alembic/.test(tool) ? 'Alembic' : tool);
        const nested = tool === 'Alembic' && seen.has(`${upFrom(folder, 1)}Alembic`);
        if (seen.has(key) || nested || unless?.(repository, folder)) return [];
        seen.add(key);
        return [{ tool, folder, command }];
      }
      return [];
    }),
  );
}

function upFrom(folder: string, steps: number): string {
  let place = folder;
  for (let step = 0; step < steps; step += 1) place = folderOf(place);
  return posix.normalize(place) === '.' ? '' : place;
}

/** What does other work with the same image, or stands in front of it. */
const helpers = /worker|celery|beat|flower|scheduler|cron|queue|migrat|nginx|proxy|seed/i;

function serviceFor(services: readonly Service[], folder: string): Service | null {
  const built = services.filter((one) => one.context === folder && one.profiles.length === 0 && !keepsData(one));
  const main = built.filter(({ name }) => !helpers.test(name));
  return main.find(({ ports }) => ports.length > 0) ?? main[0] ?? built[0] ?? null;
}
