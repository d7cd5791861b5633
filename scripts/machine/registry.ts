import { execa } from 'execa';
import { lastLines } from './commands.ts';

// A registry that is there says "Pulling from …" within a second or two; a network that swallows packets says nothing.
const FIRST_WORD_SECONDS = 20;
const WHOLE_PULL_SECONDS = 600;

export type Pull =
  | { outcome: 'pulled' }
  /** The registry answered, but not with this image (unknown, not for this machine, rate limit). */
  | { outcome: 'refused'; reason: string }
  /** Nothing answered: no use asking for another image. */
  | { outcome: 'unreachable'; reason: string };

/** `docker pull`, given up early where no registry answers. Never throws. */
export async function tryPull(image: string): Promise<Pull> {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(), FIRST_WORD_SECONDS * 1000);
  try {
    const pull = execa('docker', ['pull', image], {
      reject: false,
      stdin: 'ignore',
      timeout: WHOLE_PULL_SECONDS * 1000,
      cancelSignal: silence.signal,
    });
    pull.stdout.once('data', () => clearTimeout(timer));
    const result = await pull;
    if (!result.failed) return { outcome: 'pulled' };
    if (result.isCanceled) return { outcome: 'unreachable', reason: `no answer in ${FIRST_WORD_SECONDS} s` };
    if (result.timedOut) return { outcome: 'unreachable', reason: `not finished in ${WHOLE_PULL_SECONDS} s` };
    const reason = lastLines(result.stderr, 1) || (result.shortMessage ?? '');
    return { outcome: isRefusal(reason) ? 'refused' : 'unreachable', reason };
  } finally {
    clearTimeout(timer);
  }
}

/** Docker gives no code for it: a registry's own words, as against those of the network in front of it. */
export function isRefusal(reason: string): boolean {
  return /manifest|toomanyrequests|unauthorized|denied|repository .*not (found|exist)/i.test(reason);
}
