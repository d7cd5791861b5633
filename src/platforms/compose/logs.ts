import type { Host } from '../../hosts/host.ts';
import type { ObservedContainer } from './observe.ts';

const lineCount = 50;
const mostContainers = 5;

/** The last 50 log lines of each container (of five at most), both streams in their order, redacted. */
export async function containerLogs(
  host: Host,
  containers: readonly ObservedContainer[],
  redact: (text: string) => string,
): Promise<string> {
  const parts: string[] = [];
  for (const container of containers.slice(0, mostContainers)) {
    const lines: string[] = [];
    await host.exec(['docker', 'logs', '--tail', String(lineCount), container.id], {
      timeout: 10_000,
      record: false,
      onLine: (line) => lines.push(line),
    });
    parts.push(
      `last log lines of ${container.name}:`,
      ...(lines.length === 0 ? ['(nothing)'] : lines.slice(-lineCount)),
    );
  }
  return redact(parts.join('\n'));
}
