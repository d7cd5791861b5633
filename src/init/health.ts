import type { Service } from './compose-services.ts';
import type { Repository } from './repository.ts';

export interface HealthAddress {
  /** Inside the container. */
  readonly port: number;
  readonly path: string;
}

export interface Health {
  /** Docker finds out by itself whether the service is well. */
  readonly checked: boolean;
  /** What is asked for it, where that is a page. */
  readonly address: HealthAddress | null;
}

/** The health check of the compose file, else that of the Dockerfile, else Spring Boot's own page. */
export function healthOf(repository: Repository, service: Service): Health {
  const dockerfile = service.dockerfile === null ? '' : (repository.read(service.dockerfile) ?? '');
  const inImage = /^HEALTHCHECK(?!\s+NONE)((?:.*\\\r?\n)*.*)$/im.exec(dockerfile)?.[1];
  const said = service.health ?? inImage ?? null;
  return {
    checked: said !== null && !/^(CMD-SHELL|CMD)?\s*NONE$/i.test(said),
    address: addressIn(said ?? '') ?? actuator(repository, service, dockerfile),
  };
}

const here = '(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0|\\[::1\\])';
const page = '(\\/[\\w./~%+&=?-]*)';
const withScheme = new RegExp(`\\bhttp://${here}(?::(\\d{1,5}))?${page}(?![\\w:$])`);
/** As curl takes it: with a port and a page, or it may mean anything. */
const withoutScheme = new RegExp(`(?<![\\w/:.-])${here}:(\\d{1,5})${page}(?![\\w:$])`);

/**
 * `curl -f http://localhost:3000/health`. The front page is none: it may well send people elsewhere, which a client in the
 * container takes for an answer.
 */
function addressIn(words: string): HealthAddress | null {
  const [, port = '80', path = '/'] = withScheme.exec(words) ?? withoutScheme.exec(words) ?? [];
  return path === '/' ? null : { port: Number(port), path };
}

function actuator(repository: Repository, service: Service, dockerfile: string): HealthAddress | null {
  if (service.context === null) return null;
  const builds = ['pom.xml', 'build.gradle', 'build.gradle.kts'].map((name) =>
    repository.read(`${service.context}/${name}`.replace(/^\//, '')),
  );
  if (!builds.some((text) => text?.includes('spring-boot-starter-actuator'))) return null;
  const exposed = Number(/^EXPOSE\s+(\d+)/im.exec(dockerfile)?.[1] ?? service.ports[0]?.target ?? 8080);
  return { port: exposed, path: '/actuator/health' };
}
