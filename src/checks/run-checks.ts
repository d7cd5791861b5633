import { setTimeout as delay } from 'node:timers/promises';
import { messageOf } from '../deployment/error.ts';
import type { SmokeCheck } from '../request/schema.ts';
import { formatDuration } from '../request/units.ts';
import { type Attempt, failed, printableText, servicesOf } from './attempt.ts';
import type { CheckContext, CheckResult } from './check.ts';
import { tryDatabase } from './database.ts';
import { tryExec } from './exec.ts';
import { tryHttp } from './http.ts';
import { titleOfResources, tryResources } from './resources.ts';
import { tryRun } from './run.ts';
import { parseHttpTarget, parseTcpTarget } from './target.ts';
import { tryTcp } from './tcp.ts';
import { tryTelegram } from './telegram.ts';

const longestTitle = 100;
const longestLine = 160;

/**
 * Runs all checks side by side, each until its first success: `retries` more attempts after the first, `interval`
 * between them, `timeout` for each. In the order of `checks`. Never rejects: what fails, and what is cut short by
 * `context.signal`, is told by its result.
 */
export async function runChecks(checks: readonly SmokeCheck[], context: CheckContext): Promise<CheckResult[]> {
  return Promise.all(checks.map((check) => runCheck(check, context)));
}

async function runCheck(check: SmokeCheck, context: CheckContext): Promise<CheckResult> {
  const began = performance.now();
  const title = titleOf(check);
  const most = check.retries + 1;
  const result = (ok: boolean, attempts: number, seen: string): CheckResult => {
    const durationMs = performance.now() - began;
    return { check, title, ok, attempts, durationMs, seen, service: serviceOf(check, context) };
  };
  if ('http' in check && check.insecure === true) {
    context.say(`${title}: its TLS certificate is not verified (\`insecure: true\`)`);
  }
  for (let attempt = 1; ; attempt += 1) {
    if (context.signal.aborted) return result(false, attempt - 1, 'cancelled');
    const { ok, seen, final } = await attemptOf(check, context);
    if (ok) {
      const again = attempt === 1 ? '' : ` at attempt ${attempt}`;
      context.say(`${title}: ok${again}, ${formatDuration((performance.now() - began) / 1000)}`);
      return result(true, attempt, '');
    }
    if (context.signal.aborted) return result(false, attempt, 'cancelled');
    context.say(`${title}: attempt ${attempt} of ${most}: ${firstLine(seen)}`);
    if (final === true || attempt >= most) return result(false, attempt, seen);
    // An abort ends the pause early; the head of the loop sees it.
    await delay(check.interval, undefined, { signal: context.signal }).catch(() => {});
  }
}

async function attemptOf(check: SmokeCheck, context: CheckContext): Promise<Attempt> {
  try {
    if ('http' in check) return await tryHttp(check, context);
    if ('exec' in check) return await tryExec(check, context);
    if ('run' in check) return await tryRun(check, context);
    if ('tcp' in check) return await tryTcp(check, context);
    if ('telegram' in check) return await tryTelegram(check, context);
    if ('resources' in check) return await tryResources(check, context);
    return await tryDatabase(check, context);
  } catch (error) {
    return failed(messageOf(error));
  }
}

/** `http http://localhost:8000/health`, without a password that the URL may hold. */
export function titleOf(check: SmokeCheck): string {
  if ('http' in check) return `http ${firstLine(check.http.replace(/\/\/[^/@]*@/, '//'), longestTitle)}`;
  if ('run' in check) return `run ${firstLine(check.run, longestTitle)}`;
  if ('tcp' in check) return `tcp ${check.tcp}`;
  if ('database' in check) return `database ${check.database}`;
  if ('telegram' in check) return 'telegram getMe';
  if ('resources' in check) return titleOfResources(check);
  const { service, command } = check.exec;
  return `exec ${service}: ${firstLine(typeof command === 'string' ? command : command.join(' '), longestTitle)}`;
}

function serviceOf(check: SmokeCheck, context: CheckContext): string | null {
  if ('exec' in check) return check.exec.service;
  if ('database' in check) return check.database;
  if ('run' in check || 'telegram' in check || 'resources' in check) return null;
  const services = servicesOf(context);
  const target = 'http' in check ? parseHttpTarget(check.http, services) : parseTcpTarget(check.tcp, services);
  return target.kind === 'service' ? target.service : null;
}

function firstLine(text: string, longest = longestLine): string {
  const line = printableText(text).trim().split('\n')[0] ?? '';
  return line.length > longest ? `${line.slice(0, longest)}…` : line;
}
