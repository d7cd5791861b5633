import { createServer } from 'node:net';

/** What the web service of the tests does; each bad way is one that real services have. */
export type Behaviour =
  | { readonly kind: 'good' }
  | { readonly kind: 'exits-at-start'; readonly code?: number }
  /** Exits as soon as there is a file `/www/crash`. */
  | { readonly kind: 'crashes' }
  | { readonly kind: 'never-healthy' }
  /** Exits at its start unless this file is there: something outside of the release. */
  | { readonly kind: 'needs-file'; readonly path: string };

/**
 * A small web service on port 8080: `/version` and `/health`, its environment at `/environment`, and what is mounted at
 * `/mounted` at `/mounted`. Busybox builds and starts it in a fraction of a second; the trap is there because process 1
 * ignores signals that it has no handler for.
 */
const serve = `set -eu
cd /srv
. ./behaviour
echo "version $(cat version) starts: $kind"
mkdir -p /www
env > /www/environment
ln -sf /mounted /www/mounted
case $kind in
  exits-at-start) echo 'something is wrong'; exit $code ;;
  needs-file) test -e "$path" || { echo "$path is gone"; exit 1; } ;;
esac
cp version /www/version
test $kind = never-healthy || echo ok > /www/health
trap 'exit 0' TERM INT
httpd -f -p 8080 -h /www &
case $kind in
  crashes) until test -e /www/crash; do usleep 50000; done; echo 'it crashes now'; exit 1 ;;
esac
wait
`;

function behaviourLines(behaviour: Behaviour): string {
  const lines = [`kind=${behaviour.kind}`];
  if (behaviour.kind === 'exits-at-start') lines.push(`code=${behaviour.code ?? 1}`);
  if ('path' in behaviour) lines.push(`path='${behaviour.path}'`);
  return `${lines.join('\n')}\n`;
}

/** The files of one image of the web service, below `folder`. */
export function webImage(folder: string, options: { version: string; behaviour?: Behaviour }): Record<string, string> {
  return {
    [`${folder}/Dockerfile`]:
      'FROM busybox:stable\nCOPY serve.sh version behaviour /srv/\nCMD ["sh", "/srv/serve.sh"]\n',
    [`${folder}/serve.sh`]: serve,
    [`${folder}/version`]: `${options.version}\n`,
    [`${folder}/behaviour`]: behaviourLines(options.behaviour ?? { kind: 'good' }),
  };
}

/** A service for a compose file, built from `folder`; `extra` are more lines of it, indented by nothing. */
export function webService(name: string, options: { folder?: string; port?: number; extra?: string } = {}): string {
  const restarts = /^restart:/m.test(options.extra ?? '');
  const lines = [
    `build: ${options.folder ?? name}`,
    ...(restarts ? [] : ['restart: unless-stopped']),
    ...(options.port === undefined ? [] : [`ports: ['127.0.0.1:${options.port}:8080']`]),
    ...(options.extra === undefined ? [] : options.extra.trimEnd().split('\n')),
  ];
  return [`  ${name}:`, ...lines.map((line) => `    ${line}`), ''].join('\n');
}

/** Lines for `webService`'s `extra`: a health check that has its verdict within two seconds. */
export const healthcheck = `healthcheck:
  test: [CMD, wget, -q, -O, /dev/null, 'http://127.0.0.1:8080/health']
  interval: 400ms
  timeout: 3s
  retries: 3
`;

/** A compose file, a web image and what else is given: a project with one service `web` that answers at `port`. */
export function webProject(options: {
  port: number;
  version: string;
  behaviour?: Behaviour;
  /** More lines of the service. */
  extra?: string;
  /** More lines of the compose file. */
  more?: string;
}): Record<string, string> {
  const { port, extra, version, behaviour } = options;
  return {
    'compose.yaml': `services:\n${webService('web', { port, ...(extra === undefined ? {} : { extra }) })}${options.more ?? ''}`,
    ...webImage('web', { version, ...(behaviour === undefined ? {} : { behaviour }) }),
  };
}

const given = new Set<number>();

/**
 * A port that nobody listens on. Below the range from which the kernel takes the ports of outgoing connections, or the
 * client of a test could take it in the moment in which a container is recreated.
 */
export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < 50; attempt += 1) {
    const port = 18_000 + Math.floor(Math.random() * 12_000);
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
  throw new Error('no free port was found in 50 attempts');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '0.0.0.0', () => server.close(() => resolve(true)));
  });
}
