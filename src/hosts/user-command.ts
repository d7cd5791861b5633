/** A user's own command, as they would type it: a failure in its middle or anywhere in a pipe counts. */
export function userCommand(command: string): [string, ...string[]] {
  return ['bash', '-euo', 'pipefail', '-c', command];
}
