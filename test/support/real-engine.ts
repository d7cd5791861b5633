import { type Engine, ensureEngine } from '../../scripts/engine.ts';
import { ensureImages, type Images } from '../../scripts/images.ts';

let engine: Engine | undefined;
let images: Images | undefined;

/** Once for all tests on the real engine: one that answers, and the images that they build on. */
export async function setup(): Promise<void> {
  const say = (line: string): void => {
    process.stderr.write(`${line}\n`);
  };
  engine = await ensureEngine(say);
  images = await ensureImages(
    ['busybox:stable', 'node:24-slim', 'python:3.11-slim', 'postgres:15', 'mariadb:11', 'redis:7'],
    say,
  );
}

/** Leaves the machine as it was found. */
export async function teardown(): Promise<void> {
  await images?.remove();
  if (engine?.startedHere === true) await engine.stop();
}
