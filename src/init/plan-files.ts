import { posix } from 'node:path';
import { chooseComposeFiles } from './compose-file.ts';
import { readServices, type Service } from './compose-services.ts';
import { planBackups } from './databases.ts';
import { planMigrations } from './migrations.ts';
import type { Repository } from './repository.ts';
import { planSmoke } from './smoke.ts';
import { planTests } from './suites.ts';
import { planVariables } from './variables.ts';
import { type Section, writeSettings } from './write-settings.ts';
import { writeWorkflow } from './write-workflow.ts';

export interface PlannedFiles {
  /** By their paths from the repository's top. */
  readonly files: Readonly<Record<string, string>>;
  /** What was looked for and is not there, or could be better. */
  readonly missing: readonly string[];
}

/** A workflow and a `homeport.yml` for what is in the repository. Throws `HomeportError` where nothing can be deployed. */
export function planFiles(
  repository: Repository,
  given: { composeFiles: readonly string[]; project: string | undefined },
): PlannedFiles {
  const { folder } = repository;
  const compose = chooseComposeFiles(repository, given.composeFiles);
  const services = readServices(repository, compose.files);
  const backups = planBackups(services);
  const tests = planTests(repository);
  const migrations = planMigrations(repository, services);
  const smoke = planSmoke(repository, services, backups.services);
  const variables = planVariables(repository, compose.files, services);

  const found = [
    `${compose.files.join(' and ')}: ${services.map(described).join(', ') || 'no service'}`,
    ...[backups, tests, migrations, smoke].flatMap((plan) => plan.found),
  ];
  const missing = [
    ...[backups, tests, migrations, smoke, variables].flatMap((plan) => plan.missing),
    ...(compose.others.length === 0 ? [] : [`other compose files, not used: ${compose.others.join(', ')}`]),
    ...services.flatMap((service) => sourceMount(service)),
  ];
  const sections: Section[] = [
    { key: 'project', value: given.project },
    {
      key: 'compose-file',
      value: compose.usual ? undefined : compose.files.map((path) => plain(posix.relative(folder, path))),
    },
    { key: 'backup', value: backups.entries ?? undefined },
    { key: 'tests', value: tests.tests },
    { key: 'coverage-report', value: tests.reports.map(plain) },
    {
      key: 'coverage-minimum',
      value: tests.minimum ?? undefined,
      ...(tests.reports.length > 0 && tests.minimum === null ? { instead: coverageGate } : {}),
    },
    { key: 'migrate', value: migrations.migrate },
    { key: 'smoke', value: smoke.checks },
  ];
  return {
    files: {
      '.github/workflows/deploy.yml': writeWorkflow({ branch: repository.branch, folder, secrets: variables.secrets }),
      [posix.join(folder, 'homeport.yml')]: writeSettings({ sections, found, missing }),
    },
    missing,
  };
}

const coverageGate = `# The gate, once you know your figure:\n# coverage-minimum: 70\n`;

/** No variable is meant by what a folder is called. */
function plain(path: string): string {
  return path.replaceAll('$', '$$$$');
}

function described({ name, image, context, profiles }: Service): string {
  const what = context === null ? (image ?? 'built elsewhere') : `built from ${context === '' ? '.' : context}`;
  return `${name} (${what}${profiles.length === 0 ? '' : `, only with the profile ${profiles.join(' or ')}`})`;
}

/** A checkout changes under a running service, so that is how people develop. */
function sourceMount({ name, context, mounts }: Service): string[] {
  if (context === null || !mounts.includes(context)) return [];
  return [
    `${name} mounts its own source (${context === '' ? '.' : context}), as for development: in production its image should hold it`,
  ];
}
