import { ask } from './client.ts';
import { makeProject, type Outcome, type Project } from './project.ts';
import { freePort, webImage, webProject } from './web.ts';

/** What was seen around a deployment that smoke said no to. */
export interface SeenRollback {
  readonly outcome: Outcome;
  /** Image IDs of the one service: of the good release, and of what runs in the end. */
  readonly imageBefore: string;
  readonly imageAfter: string;
  /** What the service answers in the end. */
  readonly answer: string | null;
}

/** Deploys a good version, then one that smoke refuses; `entry` is the CLI of the engine that does it. */
export async function deployGoodThenBad(entry: string | null): Promise<SeenRollback> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/version`;
  const project: Project = await makeProject({ files: webProject({ port, version: 'good' }), name: 'back' });
  if (entry !== null) project.entry = entry;
  try {
    await project.deploy();
    const imageBefore = (await project.container('web')).imageId;
    await project.commit('bad', webImage('web', { version: 'bad' }));
    const outcome = await project.homeport(['deploy', '--smoke', `[{http: '${url}', body: good, retries: 0}]`]);
    const imageAfter = (await project.container('web')).imageId;
    return { outcome, imageBefore, imageAfter, answer: (await ask(url)).answer };
  } finally {
    await project.cleanUp();
  }
}

/** Throws unless the old release really is back: it is by its image that this is judged, not by what was reported. */
export function assertOldReleaseIsBack(seen: SeenRollback): void {
  if (seen.imageAfter !== seen.imageBefore) {
    throw new Error(`the rollback left the image ${seen.imageAfter} running, and ${seen.imageBefore} ran before`);
  }
  if (seen.answer !== 'good') throw new Error(`the service answers ${seen.answer}`);
}
