import { cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { run } from '../../scripts/machine/commands.ts';
import { timeCompose } from './compose-time.ts';
import type { Answer, LaneSettings, Question } from './lane-protocol.ts';
import { LaneState } from './lane-state.ts';
import { performCase } from './perform-case.ts';

/*
 * Runs inside network, mount and PID namespaces of its own: with its end everything that it started and mounted is gone.
 * Answers questions that come as lines on standard input.
 */

const settings = JSON.parse(process.argv[2] ?? '') as LaneSettings;

function answer(what: Answer): void {
  process.stdout.write(`${JSON.stringify(what)}\n`);
}

async function reply(lane: LaneState, question: Question): Promise<Answer> {
  switch (question.ask) {
    case 'reference':
      return { kind: 'reference', reference: await lane.reference(question.scenario) };
    case 'compose':
      return { kind: 'compose', seconds: await timeCompose(lane) };
    case 'case': {
      // A mutant may have left anything; what cleans up after it is not the mutant.
      lane.stage = { ...lane.stage, entries: settings.entries };
      if (lane.running === null) await lane.reset();
      lane.stage = { ...lane.stage, entries: question.entries };
      const { result, told } = await performCase(lane, question.one);
      const evidence = result.problems.length === 0 ? null : await keepEvidence(lane, result.id, result.problems, told);
      return { kind: 'case', result: { ...result, evidence } };
    }
  }
}

async function keepEvidence(lane: LaneState, id: string, problems: readonly string[], told: string): Promise<string> {
  const folder = join(settings.evidence, id.replaceAll('/', '_'));
  // Of a run before with the same seed.
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'told.txt'), `${problems.join('\n')}\n\n${told}\n`);
  cpSync(join(lane.stage.state, lane.stage.project), join(folder, 'state'), {
    recursive: true,
    force: true,
    verbatimSymlinks: true,
  });
  const seen = await lane.engine.api.everything().catch(String);
  writeFileSync(join(folder, 'engine.json'), `${JSON.stringify(seen, null, 2)}\n`);
  cpSync(join(lane.engine.folder, 'dockerd.log'), join(folder, 'dockerd.log'));
  return folder;
}

try {
  // Whoever reads the answers may be gone.
  process.stdout.on('error', () => process.exit(1));
  await run(['ip', 'link', 'set', 'lo', 'up'], { seconds: 10 });
  const lane = new LaneState(settings.folder, settings);
  await lane.start(settings.archive);
  answer({ kind: 'ready' });
  for await (const line of createInterface({ input: process.stdin })) {
    try {
      answer(await reply(lane, JSON.parse(line) as Question));
    } catch (error) {
      lane.running = null;
      answer({ kind: 'broken', why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
  process.exit(0);
} catch (error) {
  answer({ kind: 'broken', why: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  process.exit(1);
}
