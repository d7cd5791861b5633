import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeProject, type Project } from '../support/project.ts';
import { freePort, webProject } from '../support/web.ts';

/*
 * Many deployments at once: of one project they go one after the other, in the order in which they came; of many projects
 * none waits for another. `node test/faults/many.ts [of one project] [projects]`
 */

const [ofOne = 50, projects = 20] = process.argv.slice(2).map(Number);
const patience = { timeout: 1_200_000 };

/** IDs of the deployments in the order of their beginnings; throws where one begins before the one before it ended. */
function inTurn(project: Project): string[] {
  const lines = readFileSync(join(project.state, 'journal.jsonl'), 'utf8').trimEnd().split('\n');
  const entries = lines.map((line): { type: string; deployment: string } => JSON.parse(line));
  let open: string | null = null;
  const order: string[] = [];
  for (const { type, deployment } of entries) {
    if (type === 'begin') {
      if (open !== null) throw new Error(`${deployment} begins while ${open} is under way`);
      open = deployment;
      order.push(deployment);
    } else if (deployment !== open) throw new Error(`${deployment} writes while ${open} is under way`);
    if (type === 'end') open = null;
  }
  if (open !== null) throw new Error(`${open} never ended`);
  return order;
}

async function oneProject(): Promise<void> {
  const project = await makeProject({ files: webProject({ port: await freePort(), version: 'v1' }), name: 'many' });
  try {
    const gate = join(project.folder, 'gate');
    const flags = ['--tests', `unit: "echo begun; until test -e ${gate}; do sleep 0.2; done"`, '--lock-timeout', '20m'];
    const began = performance.now();
    const first = project.begin(['deploy', ...flags], patience);
    await first.said('test | begun');
    const running = [first];
    // Each is in the queue before the next one comes, so that the order is known.
    for (let number = 2; number <= ofOne; number += 1) {
      const next = project.begin(['deploy', ...flags], patience);
      await next.said('waiting for:');
      running.push(next);
    }
    await writeFile(gate, '');
    const outcomes = await Promise.all(running.map((one) => project.ended(one)));
    const bad = outcomes.filter(({ exitCode }) => exitCode !== 0);
    if (bad.length > 0) throw new Error(`${bad.length} did not succeed:\n${bad[0]?.output}`);
    const came = outcomes.map(({ report }) => report.deployment);
    const order = inTurn(project);
    if (order.join() !== came.join()) throw new Error(`they came as ${came} and were served as ${order}`);
    if (existsSync(`${project.state}/lock.1`)) throw new Error('a ticket is left');
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${ofOne} deployments of one project: all went well, one after the other, in order (${seconds} s)`);
  } finally {
    await project.cleanUp();
  }
}

async function manyProjects(): Promise<void> {
  const all: Project[] = [];
  try {
    for (let number = 1; number <= projects; number += 1) {
      const files = webProject({ port: await freePort(), version: `v${number}` });
      all.push(await makeProject({ files, name: `p${number}` }));
    }
    const began = performance.now();
    const [stateDirectory = ''] = all.map((project) => project.stateDirectory);
    const flags = ['--state-directory', stateDirectory, '--timeout', '20m', '--start-timeout', '10m'];
    const outcomes = await Promise.all(all.map((project) => project.homeport(['deploy', ...flags], patience)));
    const bad = outcomes.filter(({ exitCode }) => exitCode !== 0);
    if (bad.length > 0) throw new Error(`${bad.length} did not succeed:\n${bad[0]?.output}`);
    const waited = outcomes.filter(({ output }) => output.includes('waiting for:'));
    if (waited.length > 0) throw new Error(`${waited.length} waited for another project`);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    console.log(`${projects} projects at once: all went well, none waited for another (${seconds} s)`);
  } finally {
    for (const project of all) await project.cleanUp();
  }
}

await oneProject();
await manyProjects();
