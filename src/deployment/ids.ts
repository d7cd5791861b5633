import { createHash } from 'node:crypto';

/** `20251121T101500Z`: sorts by time, fits image tags and file names. */
export function utcStamp(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '')}Z`;
}

/** The ID of a deployment, and of the release that it makes: `20251121T101500Z-3f2a9c1`. */
export function deploymentId(at: Date, commit: string): string {
  return `${utcStamp(at)}-${commit.slice(0, 7)}`;
}

/** The moment that the ID of a deployment tells, in milliseconds since the epoch; 0 for anything else. */
export function momentOf(id: string): number {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id) ?? [];
  const [year = 0, month = 1, day, hour, minute, second] = parts.map(Number);
  return parts.length === 0 ? 0 : Date.UTC(year, month - 1, day, hour, minute, second);
}

/** `<project>-<service>:homeport-<release>`: pins the image of a service for as long as the release is kept. */
export function releaseTag(project: string, service: string, release: string): string {
  return `${repositoryName(project, service)}:homeport-${release}`;
}

/** For people on the host: the last good release before the running one. */
export function rollbackTag(project: string, service: string): string {
  return `${repositoryName(project, service)}:rollback`;
}

/**
 * Compose allows names of projects and services that no image may have (`Web`, `_db`); those get one that still belongs
 * to nobody else. The grammar: https://github.com/distribution/reference.
 */
function repositoryName(project: string, service: string): string {
  const name = `${project}-${service}`;
  if (/^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*$/.test(name)) return name;
  const plain = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
  return `${plain.replace(/-$/, '')}-${createHash('sha256').update(name).digest('hex').slice(0, 8)}`;
}
