import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { findPlaces, findReport, readReports, renderHistory, renderStatus, statusOf } from '../deployment/status.ts';
import { Redactor } from '../hosts/redactor.ts';
import { renderHistoryHtml } from '../reporters/history.ts';
import { renderHtml } from '../reporters/html.ts';
import { finalMessage } from '../reporters/telegram-message.ts';
import { renderText } from '../reporters/text.ts';
import type { Request } from '../request/schema.ts';

/** `homeport status`. */
export async function showStatus(request: Request, json: boolean): Promise<number> {
  const status = await statusOf(request, null, new Redactor());
  process.stdout.write(json ? `${JSON.stringify(status, null, 2)}\n` : renderStatus(status));
  return exitCodes.success;
}

export const historyFormats = ['text', 'json', 'html'] as const;

/** `homeport history`: as text one line a deployment, oldest first. */
export async function showHistory(request: Request, format: (typeof historyFormats)[number]): Promise<number> {
  const { host, name, places } = await findPlaces(request, null, new Redactor());
  const { reports, unreadable } = await readReports(host, places);
  const renderers = {
    text: () => renderHistory(reports),
    json: () => `${JSON.stringify(reports, null, 2)}\n`,
    html: () => renderHistoryHtml({ project: name, reports, unreadable }),
  };
  process.stdout.write(renderers[format]());
  return exitCodes.success;
}

export const reportFormats = ['text', 'json', 'html', 'telegram'] as const;

/** `homeport report`. */
export async function showReport(
  request: Request,
  id: string | undefined,
  format: (typeof reportFormats)[number],
): Promise<number> {
  const { host, places } = await findPlaces(request, null, new Redactor());
  const report = await findReport(host, places, id);
  const renderers = {
    text: () => renderText(report),
    json: () => `${JSON.stringify(report, null, 2)}\n`,
    html: () => renderHtml(report),
    telegram: () => `${finalMessage(report).html}\n`,
  };
  process.stdout.write(renderers[format]());
  return exitCodes.success;
}

/** `homeport logs`: the log file of a deployment. */
export async function showLog(request: Request, id: string | undefined): Promise<number> {
  const { host, places } = await findPlaces(request, null, new Redactor());
  const report = await findReport(host, places, id);
  if (report.log === null || (await host.files.stat(report.log)) === null) {
    throw new HomeportError(`The log of ${report.deployment} is gone.`, {
      hint: 'Its report is still there: `homeport report`.',
    });
  }
  await pipeline(createReadStream(report.log), process.stdout, { end: false });
  return exitCodes.success;
}
