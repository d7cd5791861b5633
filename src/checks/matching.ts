import { runInNewContext } from 'node:vm';
import type { Pattern } from '../request/pattern.ts';

/** Milliseconds. An expression that backtracks without end would stop everything: it can't be interrupted otherwise. */
const longestMatch = 1000;

/** Whether the text is in there. Throws `Error` when an expression takes too long. */
export function isIn(pattern: Pattern, text: string): boolean {
  return pattern.kind === 'text' ? text.includes(pattern.text) : test(pattern.expression, text);
}

/** Whether that is all there is; an expression says by `^` and `$` whether it means all. Throws like `isIn`. */
export function isAll(pattern: Pattern, text: string): boolean {
  return pattern.kind === 'text' ? text === pattern.text : test(pattern.expression, text);
}

function test(expression: RegExp, text: string): boolean {
  try {
    return runInNewContext('expression.test(text)', { expression, text }, { timeout: longestMatch }) === true;
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
    if (code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    throw new Error(`the expression /${expression.source}/ took longer than ${longestMatch / 1000} s`, {
      cause: error,
    });
  }
}
