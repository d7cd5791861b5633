import { expect } from 'vitest';
import { type ClientStatistics, keepAsking } from './client.ts';
import type { Container, Outcome, Project } from './project.ts';

type WhatRuns = Awaited<ReturnType<Project['whatRuns']>>;

/** Does the work while a client keeps asking; it was answered at least once before and once after. */
export async function whileAsked<T>(
  url: string,
  work: () => Promise<T>,
): Promise<{ done: T; client: ClientStatistics }> {
  const client = keepAsking(url);
  try {
    await client.answered(() => true);
    const done = await work();
    await client.answered(() => true);
    return { done, client: await client.stop() };
  } finally {
    await client.stop();
  }
}

/** The verdict in all the places that tell it; a failed assertion shows what was printed. */
export function expectVerdict(
  outcome: Outcome,
  wanted: { exitCode: number; status: string; phase: string; details?: Record<string, unknown> },
): void {
  const { report, output } = outcome;
  const seen = { exitCode: outcome.exitCode, status: report.status, phase: report.phase, details: report.details };
  expect(seen, output).toEqual({ details: {}, ...wanted });
  expect(report.exit_code).toBe(outcome.exitCode);
  if (wanted.exitCode === 0) expect(report.error).toBeNull();
  else {
    expect(report.error?.stage).toBe(wanted.phase);
    expect(report.error?.hint).not.toBe('');
    expect(stageStatus(outcome, wanted.phase)).toMatch(/failed|cancelled/);
  }
}

/** The very same containers, tags and `current`, and a client to whom every question was answered. */
export async function expectUndisturbed(project: Project, before: WhatRuns, client: ClientStatistics): Promise<void> {
  expect(await project.whatRuns()).toEqual(before);
  expect(client.failed).toEqual([]);
  expect(client.order).toHaveLength(1);
}

/** What ran before is back: by image, environment and `current`, and no name that anybody uses has moved. */
export async function expectRestored(project: Project, before: WhatRuns): Promise<void> {
  const now = await project.whatRuns();
  expect(now.containers.map(identity)).toEqual(before.containers.map(identity));
  expect(now.current).toBe(before.current);
  expect(now.tags).toEqual(before.tags);
}

function identity(container: Container): unknown {
  const { name, service, imageId, state, environment } = container;
  return { name, service, imageId, state, environment: [...environment].sort() };
}

export function stageStatus(outcome: Outcome, stage: string): string | undefined {
  return outcome.report.stages.find(({ name }) => name === stage)?.status;
}
