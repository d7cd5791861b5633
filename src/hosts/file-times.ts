/** File systems with whole-second times may say that a file is older than it is. */
const clockGrainMs = 1000;

/** Whether a file that was last changed then is certainly from before this moment. */
export function isFromBefore(modifiedAt: Date, moment: Date): boolean {
  return modifiedAt.getTime() < moment.getTime() - clockGrainMs;
}
