import type { ExecResult } from '../hosts/host.ts';
import type { DatabaseContext, DatabaseTarget } from './database.ts';
import { nodeScript } from './sqlite-node.ts';
import { refusal } from './sqlite-refusal.ts';
import { type Operation, type Told, told } from './sqlite-told.ts';

const changing: readonly Operation[] = ['backup', 'stage', 'swap', 'recover'];

/** Runs an operation of the host's own Node.js: on files that belong to this process. Throws `HomeportError`. */
export async function runOnHost(
  target: DatabaseTarget,
  operation: Operation,
  paths: readonly string[],
  context: DatabaseContext,
): Promise<Told> {
  const result = await execOnHost(operation, paths, context);
  if (result.outcome !== 'success') throw refusal(target, paths[0] ?? '', result);
  return told(result);
}

/** The same, with whatever comes out as the answer. */
export async function execOnHost(
  operation: Operation,
  paths: readonly string[],
  context: DatabaseContext,
): Promise<ExecResult> {
  const { host, timeout, signal } = context;
  return await host.exec([process.execPath, '--no-warnings', '-', operation, ...paths], {
    input: nodeScript,
    env: { NODE_OPTIONS: '' },
    timeout,
    signal,
    changes: changing.includes(operation),
    record: changing.includes(operation) || operation === 'verify',
  });
}
