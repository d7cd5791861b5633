import { noSuchService } from './attempt.ts';

export type HttpTarget =
  | { readonly kind: 'url'; readonly url: URL }
  | { readonly kind: 'service'; readonly service: string; readonly port: number; readonly path: string }
  | { readonly kind: 'wrong'; readonly why: string };

/**
 * `http://…` and `https://…` are asked from this host; `web:3000/health`, without a scheme, means the containers of the
 * service `web` (port 80 when none is told, as in a URL).
 */
export function parseHttpTarget(text: string, services: readonly string[]): HttpTarget {
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) {
    const url = URL.parse(text);
    if (url === null) return { kind: 'wrong', why: `\`${text}\` is not a URL` };
    if (url.protocol === 'http:' || url.protocol === 'https:') return { kind: 'url', url };
    return { kind: 'wrong', why: `\`${url.protocol}//\` can't be asked: http:// and https:// can` };
  }
  const match = /^([\w.-]+)(?::(\d{1,5}))?(?:([/?].*))?$/.exec(text);
  const [, service, port = '80', path = '/'] = match ?? [];
  if (service === undefined || !isPort(Number(port))) {
    return { kind: 'wrong', why: `\`${text}\` is neither a URL nor \`<service>:<port>/<path>\`` };
  }
  if (!services.includes(service)) {
    return {
      kind: 'wrong',
      why: `${noSuchService(service, services)}. For a request from this host write \`http://${text}\``,
    };
  }
  return { kind: 'service', service, port: Number(port), path: path.startsWith('/') ? path : `/${path}` };
}

export type TcpTarget =
  | { readonly kind: 'host'; readonly host: string; readonly port: number }
  | { readonly kind: 'service'; readonly service: string; readonly port: number }
  | { readonly kind: 'wrong'; readonly why: string };

/** `db:5432` means the containers of the service `db`; any other name or address is connected to from this host. */
export function parseTcpTarget(text: string, services: readonly string[]): TcpTarget {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([\w.-]+)):(\d{1,5})$/.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  if (host === undefined || !isPort(port)) {
    return { kind: 'wrong', why: `\`${text}\` is not \`<service>:<port>\` or \`<host>:<port>\`` };
  }
  return services.includes(host) ? { kind: 'service', service: host, port } : { kind: 'host', host, port };
}

/** An address as it stands in a URL. */
export function inUrl(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 1 && port <= 65_535;
}
