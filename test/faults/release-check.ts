import type { Stage } from './command.ts';
import { configHashesOf, type Observed } from './observed.ts';
import type { Version } from './small-project.ts';

/**
 * Why what is seen is not exactly this version, as the only thing that runs and as what `current` says; empty when it is:
 * images, configuration, environment, served code, mounted file and schema.
 */
export async function differencesFrom(stage: Stage, seen: Observed, version: Version): Promise<string[]> {
  const { current, served } = seen;
  if (current === null) return ['`current` points at no release that can be read'];
  if (current.commit !== version.commit) return [`\`current\` is of the commit ${current.commit.slice(0, 7)}`];
  const problems: string[] = [];
  if (current.verdict !== 'good') problems.push(`the release that \`current\` points at is a ${current.verdict}`);
  const hashes = await configHashesOf(stage, current.id);
  for (const service of ['db', 'web', 'worker']) {
    const found = seen.containers.filter((one) => one.service === service);
    const [only] = found;
    if (only === undefined || found.length > 1) {
      problems.push(`${found.length} containers of ${service}`);
      continue;
    }
    if (only.state !== 'running') problems.push(`${service} is ${only.state}`);
    if (only.health !== 'none' && only.health !== 'healthy') problems.push(`${service} is ${only.health}`);
    if (only.imageId !== current.services[service]?.image_id) problems.push(`${service} runs another image`);
    if (only.configHash !== hashes.get(service)) problems.push(`${service} has another configuration`);
    if (service !== 'db' && only.release !== String(version.number)) {
      problems.push(`the environment of ${service} is that of version ${only.release}`);
    }
  }
  if (served === null) problems.push('the service gives no answer');
  else {
    if (served.code !== version.number) problems.push(`the code of version ${served.code} is served`);
    if (served.environment !== String(version.number)) problems.push(`served from environment ${served.environment}`);
    if (served.file !== String(version.number)) problems.push(`the mounted file is that of version ${served.file}`);
    if (served.schema < version.number) problems.push(`the schema is of version ${served.schema}, too old`);
  }
  return problems;
}
