/** The other end took the connection. */
export interface Connected {
  readonly kind: 'connected';
}

/**
 * Why no answer came. `refused`: the machine is there, and nothing listens. `unreachable`: this host has no way to the
 * address, which says nothing about what listens there.
 */
export interface NoAnswer {
  readonly kind: 'none';
  readonly reason: 'refused' | 'unreachable' | 'no-client' | 'other';
  /** For people. */
  readonly seen: string;
}

const unreachable = new Set([
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EHOSTDOWN',
  'ENETDOWN',
  'EADDRNOTAVAIL',
  'ETIMEDOUT',
  'UND_ERR_CONNECT_TIMEOUT',
]);

/** What an error of a connection to `where` (`port 3000 of 172.18.0.2`) means. */
export function explainNetworkError(error: unknown, where: string): NoAnswer {
  const code = codeOf(error);
  if (code === 'ECONNREFUSED') {
    return { kind: 'none', reason: 'refused', seen: `connection refused: nothing listens on ${where}` };
  }
  if (unreachable.has(code)) {
    return { kind: 'none', reason: 'unreachable', seen: `${where} can't be reached from this host (${code})` };
  }
  return { kind: 'none', reason: 'other', seen: meaning(code, error, where) };
}

function meaning(code: string, error: unknown, where: string): string {
  const said = error instanceof Error && error.message !== '' ? error.message : code;
  if (code === 'ECONNRESET' || code === 'EPIPE' || code === 'UND_ERR_SOCKET') {
    return `${where} closed the connection before it had answered: the process crashed, or nothing listens yet behind a published port`;
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return `the name in ${where} is not known on this host (${code})`;
  if (/^(?:CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO|ERR_TLS_CERT)/.test(code)) {
    return `the TLS certificate of ${where} is not valid: ${said} (${code})`;
  }
  if (code === 'EPROTO' || code.startsWith('ERR_SSL')) return `${where} does not speak TLS: ${said}`;
  // undici leaves the code out where the very first bytes are no HTTP.
  if (code.startsWith('HPE_') || (error instanceof Error && error.name === 'HTTPParserError')) {
    return `what listens on ${where} does not speak HTTP: ${said}`;
  }
  return `${where}: ${said}`;
}

/** Node hides the code in `cause`, or in each of the `errors` when a name has several addresses. */
function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  return codeOf(error.cause);
}
