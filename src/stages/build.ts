import { join } from 'node:path';
import { exitCodes, HomeportError } from '../deployment/error.ts';
import { known } from '../deployment/facts.ts';
import { releaseTag } from '../deployment/ids.ts';
import { releaseFolder } from '../deployment/places.ts';
import type { Stage, StageContext } from '../deployment/stage.ts';
import { buildArgv } from '../platforms/compose/commands.ts';
import { type ImageSource, imageSources, settleImages, untagImage } from '../platforms/compose/images.ts';
import { removePartials } from '../platforms/compose/mounts.ts';
import { imageIdOf } from '../platforms/compose/observe.ts';
import { recordRelease } from '../platforms/compose/record-release.ts';
import { renderBuild, toYaml } from '../platforms/compose/render.ts';
import { valuesFor } from '../platforms/compose/values.ts';
import type { Request } from '../request/schema.ts';

/** Builds into the release's own tags and records the release; no name that anybody uses moves. */
export function buildStage(request: Request): Stage {
  return {
    name: 'build',
    needs: ['snapshot'],
    intent: request.build ? 'build the images under tags of their own' : 'take the images that are there',
    exitCode: exitCodes.build,
    run: async (context) => {
      const { facts, host } = context;
      const model = known(facts.model, 'model');
      const sources = imageSources(model, {
        project: facts.project,
        release: facts.id,
        services: known(facts.services, 'services'),
        build: request.build,
      });
      await pullMissing(context, sources);
      facts.tags = known(facts.services, 'services').map((service) => releaseTag(facts.project, service, facts.id));
      await context.change('build', 'forget', () => build(context, sources));
      const settled = await settleImages(host, sources, facts.snapshot?.release ?? null);
      await context.change('record', 'forget', () => recordRelease(context, sources, settled));
    },
    cleanUp: async (context) => {
      const { facts, places, host } = context;
      await Promise.all(facts.tags.map((tag) => untagImage(host, tag)));
      await host.files.remove(releaseFolder(places, facts.id));
      await removePartials(host, places);
    },
  };
}

async function pullMissing(context: StageContext, sources: readonly ImageSource[]): Promise<void> {
  const model = known(context.facts.model, 'model');
  for (const source of sources) {
    if (source.from !== 'pulled') continue;
    const policy = model.services[source.service]?.pull_policy;
    const there = (await imageIdOf(context.host, source.name)) !== null;
    if (policy === 'never' || (there && policy !== 'always')) continue;
    const result = await context.host.exec(['docker', 'pull', '--quiet', source.name], {
      timeout: context.remaining(),
      signal: context.signal,
      changes: true,
      onLine: (line) => context.say(line),
    });
    context.signal.throwIfAborted();
    if (result.outcome !== 'success') {
      const words = result.tail.split('\n').at(-1) ?? '';
      throw new HomeportError(`The image ${source.name} of the service ${source.service} can not be pulled: ${words}`, {
        hint: 'Check its name and tag, `docker login` on the host, and that its registry can be reached from there.',
      });
    }
  }
}

async function build(context: StageContext, sources: readonly ImageSource[]): Promise<void> {
  const { facts, host, places, request } = context;
  const built = sources.filter((source) => source.from === 'built');
  if (built.length === 0) return;
  const { commit, committedAt, workingDirectory } = known(facts.source, 'source');
  const tags = Object.fromEntries(built.map((source) => [source.builder ?? source.service, source.name]));
  const model = renderBuild(known(facts.model, 'model'), tags, {
    BUILD_DATE: committedAt.toISOString(),
    SOURCE_DATE_EPOCH: String(Math.floor(committedAt.getTime() / 1000)),
    VCS_REF: commit,
    ...request['build-args'],
  });
  const folder = releaseFolder(places, facts.id);
  await host.files.makeFolder(folder, 0o700);
  const file = join(folder, 'build.yaml');
  await host.files.writeText(file, toYaml(model), 0o600);
  try {
    const project = {
      project: facts.project,
      files: [file],
      envFiles: [],
      profiles: ['*'],
      projectDirectory: workingDirectory,
    };
    const result = await host.exec(buildArgv(project, Object.keys(tags).sort()), {
      cwd: workingDirectory,
      env: {
        ...(await valuesFor(context, model)),
        ...request.secrets,
        PWD: workingDirectory,
        DOCKER_BUILDKIT: '1',
        BUILDKIT_PROGRESS: 'plain',
      },
      timeout: context.remaining(),
      signal: context.signal,
      changes: true,
      onLine: (line) => context.say(line),
    });
    context.signal.throwIfAborted();
    if (result.outcome !== 'success') {
      throw new HomeportError(`The build failed: ${buildCause(result.tail)}`, {
        hint: 'Run `docker compose build` in the checkout to see the same.',
        excerpt: result.tail,
      });
    }
  } finally {
    await host.files.remove(file);
  }
}

/** BuildKit ends with the step that failed and why; the last line that speaks of an error says it best. */
function buildCause(tail: string): string {
  const lines = tail.split('\n').filter((line) => line.trim() !== '');
  return (lines.findLast((line) => /error|failed|not found/i.test(line)) ?? lines.at(-1) ?? 'no output').trim();
}
