import type { ExecResult } from '../hosts/host.ts';
import { formatDuration } from '../request/units.ts';
import type { CheckContext, CheckedContainer } from './check.ts';

/** How one attempt of a check ended. */
export interface Attempt {
  readonly ok: boolean;
  /** For people; empty when `ok`. */
  readonly seen: string;
  /** Set when another attempt can't end differently: the check itself is wrong. */
  readonly final?: true;
}

export const passed: Attempt = { ok: true, seen: '' };

export function failed(seen: string): Attempt {
  return { ok: false, seen };
}

export function wrong(seen: string): Attempt {
  return { ok: false, seen, final: true };
}

/** As much of an answer or of an output as people are shown. */
export const bytesShown = 500;

/** Control characters (terminal sequences among them) taken out, except for line ends and tabs. */
export function printableText(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]|[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u2028\u2029\ufffd]/g, '');
}

export function firstBytes(text: string): string {
  const bytes = Buffer.from(printableText(text).trim());
  return bytes.length <= bytesShown ? bytes.toString() : `${cut(bytes.subarray(0, bytesShown))}…`;
}

export function lastBytes(text: string): string {
  const bytes = Buffer.from(printableText(text).trim());
  return bytes.length <= bytesShown ? bytes.toString() : `…${cut(bytes.subarray(-bytesShown))}`;
}

/** Drops the character that the edge went through. */
function cut(bytes: Buffer): string {
  return bytes.toString().replace(/^\ufffd+|\ufffd+$/g, '');
}

export function servicesOf(context: CheckContext): string[] {
  return [...new Set(context.containers.map(({ service }) => service))].sort();
}

export function noSuchService(service: string, services: readonly string[]): string {
  if (services.length === 0) return `there is no service \`${service}\`: the release has no running container`;
  return `there is no running service \`${service}\`; there are: ${services.join(', ')}`;
}

/** Tries it with each container of a service at once; passed when all passed. */
export async function inEachContainer(
  service: string,
  context: CheckContext,
  attempt: (container: CheckedContainer) => Promise<Attempt>,
): Promise<Attempt> {
  const containers = context.containers.filter((container) => container.service === service);
  if (containers.length === 0) return wrong(noSuchService(service, servicesOf(context)));
  const attempts = await Promise.all(containers.map(attempt));
  for (const [index, result] of attempts.entries()) {
    if (!result.ok) return { ...result, seen: `${containers[index]?.name}: ${result.seen}` };
  }
  return passed;
}

/** What a check's own command did, for people. */
export function judgeCommand(result: ExecResult, timeoutMs: number): Attempt {
  if (result.outcome === 'success') return passed;
  const output = lastBytes(result.tail);
  const ended =
    result.outcome === 'timeout'
      ? `still running after ${formatDuration(timeoutMs / 1000)}`
      : result.outcome === 'cancelled'
        ? 'cancelled'
        : result.exitCode === null
          ? 'did not run to its end'
          : `exit code ${result.exitCode}`;
  return failed(output === '' ? `${ended}, no output` : `${ended}\n${output}`);
}
