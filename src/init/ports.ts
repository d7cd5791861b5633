import { z } from 'zod';

export interface PublishedPort {
  /** As `localhost` sees it: digits, or a variable with digits for its default (`${PORT:-8080}`); `null` when unknown. */
  readonly published: string | null;
  readonly target: number;
  readonly host: string;
}

const longForm = z.looseObject({
  target: z.union([z.number(), z.string()]),
  published: z.union([z.number(), z.string()]).optional(),
  host_ip: z.string().optional(),
  protocol: z.string().optional(),
});

/** A TCP port of a service in one of the forms that Compose knows; `null` for ranges and what can't be told. */
export function readPort(port: unknown): PublishedPort | null {
  const long = longForm.safeParse(port).data;
  if (long !== undefined) {
    if (long.protocol !== undefined && long.protocol !== 'tcp') return null;
    return made(long.host_ip, long.published === undefined ? undefined : String(long.published), String(long.target));
  }
  if (typeof port !== 'string' && typeof port !== 'number') return null;
  const [, ends = '', protocol = 'tcp'] = /^(.*?)(?:\/(\w+))?$/s.exec(String(port)) ?? [];
  if (protocol !== 'tcp') return null;
  const parts = apart(ends);
  return made(parts.at(-3), parts.at(-2), parts.at(-1) ?? '');
}

/** At the colons that are outside of `${…}` and `[…]`. */
function apart(text: string): string[] {
  return text.match(/(?:\$\{[^}]*\}|\[[^\]]*\]|[^:])+/g) ?? [];
}

function made(ip: string | undefined, published: string | undefined, target: string): PublishedPort | null {
  const number = Number(/^(?:\$\{\w+:?-)?(\d+)\}?$/.exec(target)?.[1]);
  if (!Number.isInteger(number) || number < 1) return null;
  const everywhere = ip === undefined || ['0.0.0.0', '127.0.0.1', '[::]', '[::1]'].includes(ip);
  const known = published !== undefined && /^(\d+|\$\{[A-Za-z_]\w*:-\d+\})$/.test(published);
  return {
    // An address that only a variable knows can't be asked.
    published: known && published !== '0' && (everywhere || /^[\d.]+$/.test(ip)) ? published : null,
    target: number,
    host: everywhere ? 'localhost' : ip,
  };
}
