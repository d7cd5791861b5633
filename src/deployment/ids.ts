/** `20251121T101500Z`: sorts by time, fits image tags and file names. */
export function utcStamp(at: Date): string {
  return `${at.toISOString().slice(0, 19).replaceAll('-', '').replaceAll(':', '')}Z`;
}

/** The ID of a deployment, and of the release that it makes: `20251121T101500Z-3f2a9c1`. */
export function deploymentId(at: Date, commit: string): string {
  return `${utcStamp(at)}-${commit.slice(0, 7)}`;
}

/** `<project>-<service>:homeport-<release>`: pins the image of a service for as long as the release is kept. */
export function releaseTag(project: string, service: string, release: string): string {
  return `${project}-${service}:homeport-${release}`;
}

/** For people on the host: the last good release before the running one. */
export function rollbackTag(project: string, service: string): string {
  return `${project}-${service}:rollback`;
}
