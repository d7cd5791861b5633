import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/deployment/report.ts';
import { FanOut } from '../../src/reporters/fan-out.ts';
import { GithubDeploymentReporter } from '../../src/reporters/github-deployment.ts';
import { TelegramReporter } from '../../src/reporters/telegram.ts';
import { GithubServer, type GithubStep } from '../support/github-server.ts';
import { critical, gateFailed, smokeRolledBack, successful } from '../support/reports.ts';
import { cantParse, TelegramServer, type Step as TelegramStep, tooMany } from '../support/telegram-server.ts';

interface Answers {
  readonly telegram: TelegramStep;
  readonly github: GithubStep;
  /** How often before they answer as they should; for ever where it is not told. */
  readonly times?: number;
  readonly dead?: boolean;
}

/** Tells a whole deployment to both, who answer like that; gives what they warned of and how long that took (ms). */
async function tell(report: Report, answers: Answers): Promise<{ warnings: string[]; tookMs: number }> {
  const [telegram, github] = await Promise.all([TelegramServer.start(), GithubServer.start()]);
  const { times = 100 } = answers;
  telegram.answer(...Array.from({ length: times }, () => answers.telegram));
  github.answer(...Array.from({ length: times }, () => answers.github));
  const apiUrl = github.url;
  const reporters = [
    new TelegramReporter({
      token: TelegramServer.token,
      chat: '1',
      thread: null,
      apiUrl: answers.dead === true ? 'http://127.0.0.1:9' : telegram.url,
      notify: 'always',
    }),
    new GithubDeploymentReporter({
      apiUrl: answers.dead === true ? 'http://127.0.0.1:9' : apiUrl,
      token: GithubServer.token,
      environment: 'staging',
      environmentUrl: null,
    }),
  ];
  const warnings: string[] = [];
  const fanOut = new FanOut(reporters, (text) => warnings.push(text));
  fanOut.event({ type: 'started', report: { ...report, status: 'aborted' } });
  const before = structuredClone(report);
  const begin = performance.now();
  fanOut.event({ type: 'finished', report });
  await fanOut.close();
  const tookMs = performance.now() - begin;
  expect(report, 'the report and its verdict').toEqual(before);
  await Promise.all([telegram.close(), github.close()]);
  expect([...telegram.violations, ...github.violations]).toEqual([]);
  return { warnings, tookMs };
}

const limit = (seconds: string): GithubStep => ({
  status: 403,
  message: 'You have exceeded a secondary rate limit',
  headers: { 'retry-after': seconds },
});
const broken = { code: 500, description: 'Internal Server Error' };
const verdicts = { success: successful, failed: gateFailed, rolled_back: smokeRolledBack, critical };

describe('No verdict changes, and nobody waits for more than ten seconds, while Telegram and GitHub', () => {
  it.concurrent.each<[string, Answers, number]>([
    ['answer 5xx for ever', { telegram: broken, github: { status: 500, message: 'Server Error' } }, 2],
    ['answer the error page of a proxy for ever', { telegram: 'html', github: 'html' }, 2],
    ['ask for a minute', { telegram: tooMany(60), github: limit('60') }, 2],
    ['ask for a second, once', { telegram: tooMany(1), github: limit('1'), times: 1 }, 0],
    ['refuse the text, or the ref, for ever', { telegram: cantParse, github: { status: 422, message: 'No ref' } }, 2],
    ['lose every connection', { telegram: 'reset', github: 'lost' }, 2],
    ['hang', { telegram: 'hang', github: 'hang' }, 2],
    ['are dead', { telegram: 'ok', github: 'ok', dead: true }, 2],
  ])('%s', async (_what, answers, warned) => {
    const told = await Promise.all(Object.values(verdicts).map((report) => tell(report, answers)));
    for (const { warnings, tookMs } of told) {
      expect(tookMs).toBeLessThan(10_500);
      expect(warnings, warnings.join('\n')).toHaveLength(warned);
      expect(warnings.join('\n')).not.toMatch(/\n\s+at |\[object|undefined/);
      expect(warnings.join('\n')).not.toContain(TelegramServer.token);
      expect(warnings.join('\n')).not.toContain(GithubServer.token);
    }
  });
});
