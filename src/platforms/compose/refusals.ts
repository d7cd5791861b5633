import { HomeportError } from '../../deployment/error.ts';
import { type ComposeModel, type ComposeService, isOneFixedPort, publishedPorts, replicasOf } from './model.ts';

interface Refusal {
  readonly message: string;
  readonly hint: string;
}

/**
 * What the model asks for and can't be deployed, of these services: each would fail only after the migration, or give
 * something else than the commit says. `null` when there is nothing of the kind.
 */
export function refusalOf(
  model: ComposeModel,
  services: readonly string[],
  options: { build: boolean },
): HomeportError | null {
  const refusals = services.flatMap((name) => {
    const service = model.services[name];
    if (service === undefined) return [];
    return [
      ...(options.build ? distantContexts(name, service) : []),
      ...sharedPorts(name, service),
      ...swarmEntries(name, service, model),
    ];
  });
  if (refusals.length === 0) return null;
  const hints = new Set(refusals.map(({ hint }) => hint));
  return new HomeportError(refusals.map(({ message }) => message).join(' '), { hint: [...hints].join(' ') });
}

// The prefixes of compose-go, `paths/context.go`.
const distant = /^(?:https?:\/\/|git:\/\/|ssh:\/\/|github\.com\/|git@)/;

/** What another repository holds may change or vanish without a commit here: nothing says what was built. */
function distantContexts(name: string, { build }: ComposeService): Refusal[] {
  const contexts = [build?.context ?? '', ...Object.values(build?.additional_contexts ?? {})];
  return contexts
    .filter((context) => distant.test(context))
    .map((context) => ({
      message: `The service ${name} is built from ${withoutCredentials(context)}, a context by URL: what it holds is in no commit of this repository, and may change or vanish between two builds.`,
      hint: 'Add that repository as a git submodule (`actions/checkout` with `submodules: true`) and name its folder as the context, or use an image that is built elsewhere.',
    }));
}

function withoutCredentials(url: string): string {
  return url.replace(/^(\w+:\/\/)[^/@]*@/, '$1');
}

function sharedPorts(name: string, service: ComposeService): Refusal[] {
  const replicas = replicasOf(service);
  const fixed = replicas > 1 ? publishedPorts(service).find(isOneFixedPort) : undefined;
  if (fixed === undefined) return [];
  return [
    {
      message: `The service ${name} asks for ${replicas} containers and publishes the port ${fixed.published}, which only one of them can have.`,
      hint: `Publish a range (\`"${fixed.published}-${Number(fixed.published) + replicas - 1}:${fixed.target ?? fixed.published}"\`), or put a proxy in front and publish nothing.`,
    },
  ];
}

function swarmEntries(name: string, service: ComposeService, model: ComposeModel): Refusal[] {
  return (['configs', 'secrets'] as const).flatMap((section) =>
    (service[section] ?? []).flatMap(({ source = '' }) =>
      model[section]?.[source]?.external === true
        ? [
            {
              message: `The service ${name} takes ${source} of ${section}, which is external: only Swarm keeps such.`,
              hint: `Say \`file:\` or \`environment:\` for it, and give the value in the input \`secrets\`.`,
            },
          ]
        : [],
    ),
  );
}
