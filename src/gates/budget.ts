import { exitCodes, HomeportError } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import type { StageContext } from '../deployment/stage.ts';
import { userCommand } from '../hosts/user-command.ts';
import type { Budget } from '../request/schema.ts';

/** Characters of what a command printed that people are shown. */
const mostShown = 80;

/** Why a budget says no. */
interface Refusal {
  readonly message: string;
  readonly hint: string;
  readonly excerpt: string;
}

/**
 * Measures every budget in its order, like a test: in the checkout, with the secrets. Throws `HomeportError` (exit code
 * 1) when one is above its maximum, or could not be measured; the figures of all stand in the report.
 */
export async function gateBudgets(context: StageContext, budgets: readonly Budget[]): Promise<void> {
  const refusals: Refusal[] = [];
  for (const budget of budgets) {
    const refusal = await gateBudget(context, budget);
    if (refusal !== null) refusals.push(refusal);
  }
  const [first] = refusals;
  if (first === undefined) return;
  throw new HomeportError(refusals.map(({ message }) => message).join(' '), {
    hint: first.hint,
    exitCode: exitCodes.gate,
    excerpt: refusals
      .map(({ excerpt }) => excerpt)
      .filter((excerpt) => excerpt !== '')
      .join('\n\n'),
  });
}

async function gateBudget(context: StageContext, budget: Budget): Promise<Refusal | null> {
  const { name, maximum, command } = budget;
  const { workingDirectory } = known(context.facts.source, 'source');
  let last = '';
  const result = await context.host.exec(userCommand(command), {
    cwd: workingDirectory,
    env: { ...context.request.secrets, PWD: workingDirectory },
    timeout: context.remaining(),
    signal: context.signal,
    onLine: (line, stream) => {
      if (stream === 'stdout' && line.trim() !== '') last = line.trim();
      context.say(line);
    },
  });
  context.signal.throwIfAborted();
  const value = result.outcome === 'success' ? readNumber(last) : null;
  const within = value !== null && value <= maximum;
  context.facts.budgets.push({ name, value, maximum, status: within ? 'success' : 'failed' });
  if (within) {
    context.say(`budget ${name}: ${value} of at most ${maximum}`);
    return null;
  }
  if (value !== null) {
    const message = `The budget \`${name}\` is exceeded: ${value}, the maximum is ${maximum}.`;
    return { message, hint: `Bring it down, or raise its \`maximum\` in \`budgets\`.`, excerpt: '' };
  }
  return { ...notMeasured(budget, result, context.redact(last)), excerpt: result.tail };
}

function notMeasured(
  { name, command }: Budget,
  result: { readonly outcome: string; readonly exitCode: number | null },
  last: string,
): Pick<Refusal, 'message' | 'hint'> {
  const because = (what: string) => `The budget \`${name}\` could not be measured: its command ${what}.`;
  const first = command.split('\n')[0];
  if (result.outcome === 'timeout') {
    return {
      message: because('did not end in time'),
      hint: `Run \`${first}\` in the checkout to see what it waits for.`,
    };
  }
  if (result.outcome !== 'success') {
    return {
      message: because(`failed with exit code ${result.exitCode}`),
      hint: `Run \`${first}\` in the checkout to see the same.`,
    };
  }
  const hint = 'Let the last line that it prints be a plain number, such as 51234 or 0.25, and nothing else.';
  if (last === '') return { message: because('printed nothing on its standard output'), hint };
  const shown = last.length > mostShown ? `${last.slice(0, mostShown)}…` : last;
  return {
    message: because(`printed \`${shown}\`, which is not a plain number (no unit, no thousands separator)`),
    hint,
  };
}

/** `51234`, `-3`, `0.25`, `1e6`; `null` for anything else. */
export function readNumber(text: string): number | null {
  if (!/^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/.test(text)) return null;
  const value = Number(text);
  return Number.isFinite(value) ? value : null;
}
