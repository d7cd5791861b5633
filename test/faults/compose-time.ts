import { execa } from 'execa';
import type { LaneState } from './lane-state.ts';
import { composeWords, currentRelease } from './observed.ts';

/** How long `docker compose down` and `up --detach` of what runs take together, in seconds; three times. */
export async function timeCompose(lane: LaneState): Promise<number[]> {
  const { stage } = lane;
  const release = currentRelease(stage);
  if (release === null) throw new Error('nothing runs that could be timed');
  const words = composeWords(stage, release.id);
  const seconds: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    const begin = performance.now();
    for (const command of [['down'], ['up', '--detach', '--no-build']]) {
      const options = { env: stage.environment, timeout: 120_000, stdin: 'ignore' } as const;
      await execa('docker', ['compose', ...words, ...command], options);
    }
    seconds.push((performance.now() - begin) / 1000);
  }
  return seconds;
}
