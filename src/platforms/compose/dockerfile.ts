/** What a Dockerfile tells about an image without building it. */
export interface DockerfileFacts {
  /** Images of others that the build takes, by their references; those that can't be known without building are left out. */
  readonly images: readonly string[];
  /** The image that the final stage stands on; `null` for `scratch`, and where it can't be known. */
  readonly base: string | null;
  /** Whether the final stage, or one below it in the same file, has a `HEALTHCHECK` other than `NONE`. */
  readonly healthcheck: boolean;
}

export interface DockerfileOptions {
  /** `build.args` of the compose file: they win over the defaults of `ARG`. */
  readonly args: Readonly<Record<string, string | null>>;
  /** `build.target`; the last stage when there is none. */
  readonly target: string | undefined;
  /** Names that mean a folder or another image by `build.additional_contexts`. */
  readonly contexts: ReadonlySet<string>;
}

interface Stage {
  readonly name: string;
  /** As written after `FROM`, variables replaced; `null` where one has no value. */
  readonly from: string | null;
  /** What `COPY --from` and `RUN --mount=from` take. */
  readonly takes: string[];
  healthcheck: boolean | null;
}

/** Follows only the stages that the target needs, as BuildKit does. Anything that isn't understood is left out. */
export function readDockerfile(text: string, options: DockerfileOptions): DockerfileFacts {
  const stages = stagesOf(text, options.args);
  const { target } = options;
  const final = target === undefined ? stages.length - 1 : indexOf(stages, target, stages.length);
  const images = new Set<string>();
  const seen = new Set<number>();
  const visit = (index: number): void => {
    const stage = stages[index];
    if (stage === undefined || seen.has(index)) return;
    seen.add(index);
    for (const name of [stage.from, ...stage.takes]) {
      if (name === null || name === '') continue;
      const earlier = indexOf(stages, name, index);
      if (earlier !== -1) visit(earlier);
      else if (isImage(name, options.contexts)) images.add(name);
    }
  };
  visit(final);
  return { images: [...images], ...chainOf(stages, final, options.contexts) };
}

/** Down the `FROM`s: the first word on a health check counts, and the last image. */
function chainOf(
  stages: readonly Stage[],
  final: number,
  contexts: ReadonlySet<string>,
): Pick<DockerfileFacts, 'base' | 'healthcheck'> {
  let healthcheck: boolean | null = null;
  for (let index = final; ; ) {
    const stage = stages[index];
    if (stage === undefined) return { base: null, healthcheck: healthcheck ?? false };
    healthcheck ??= stage.healthcheck;
    const earlier = stage.from === null ? -1 : indexOf(stages, stage.from, index);
    if (earlier === -1) {
      const base = stage.from !== null && isImage(stage.from, contexts) ? stage.from : null;
      return { base, healthcheck: healthcheck ?? false };
    }
    index = earlier;
  }
}

/** A stage by its name, in any case, or by its number; only those before `end` can be meant. -1 when there is none. */
function indexOf(stages: readonly Stage[], name: string, end: number): number {
  const named = stages.slice(0, end).findLastIndex((stage) => stage.name === name.toLowerCase());
  if (named !== -1) return named;
  return /^\d+$/.test(name) && Number(name) < end ? Number(name) : -1;
}

function isImage(name: string, contexts: ReadonlySet<string>): boolean {
  return name !== 'scratch' && !contexts.has(name) && !/^\d+$/.test(name);
}

function stagesOf(text: string, args: DockerfileOptions['args']): Stage[] {
  const stages: Stage[] = [];
  const values = new Map<string, string>();
  for (const line of instructionsOf(text)) {
    const [, word = '', rest = ''] = /^\s*(\w+)\s+(.*)$/s.exec(line) ?? [];
    const stage = stages.at(-1);
    switch (word.toUpperCase()) {
      case 'ARG':
        if (stage === undefined) for (const [name, value] of declared(rest, args)) values.set(name, value);
        break;
      case 'FROM': {
        const [, image = '', , name = ''] = /^(?:--\S+\s+)*(\S+)(\s+as\s+(\S+))?/i.exec(rest) ?? [];
        stages.push({ name: name.toLowerCase(), from: expand(image, values), takes: [], healthcheck: null });
        break;
      }
      case 'HEALTHCHECK':
        if (stage !== undefined) stage.healthcheck = !/^NONE\b/i.test(rest);
        break;
      case 'COPY':
      case 'RUN':
        for (const [, name = ''] of rest.matchAll(/--(?:from=|mount=\S*\bfrom=)([^\s,]+)/g)) {
          const image = expand(name, values);
          if (image !== null) stage?.takes.push(image);
        }
        break;
    }
  }
  return stages;
}

/** Whole instructions: continued lines are joined, comments and the bodies of heredocs are left out. */
function* instructionsOf(text: string): Generator<string> {
  let whole = '';
  const ends: string[] = [];
  for (const line of text.split(/\r?\n/)) {
    const [end] = ends;
    if (end !== undefined) {
      if (line.trim() === end) ends.shift();
      continue;
    }
    if (/^\s*#/.test(line) || (whole !== '' && line.trim() === '')) continue;
    if (/\\\s*$/.test(line)) {
      whole += `${line.replace(/\\\s*$/, '')} `;
      continue;
    }
    const instruction = whole + line;
    whole = '';
    if (/^\s*(?:RUN|COPY|ADD)\b/i.test(instruction)) {
      for (const [, name = ''] of instruction.matchAll(/<<-?["']?([A-Za-z_]\w*)["']?/g)) ends.push(name);
    }
    yield instruction;
  }
}

/** `ARG A=1 B="2" C`: what has a value, by the build's arguments or by default. */
function declared(rest: string, args: DockerfileOptions['args']): [string, string][] {
  return [...rest.matchAll(/([A-Za-z_]\w*)(?:=("[^"]*"|'[^']*'|\S*))?/g)].flatMap(([, name = '', fallback]) => {
    const value = args[name] ?? fallback?.replace(/^(["'])(.*)\1$/, '$2');
    return value === undefined ? [] : [[name, value] as [string, string]];
  });
}

/** `$A`, `${A}` and `${A:-default}`; `null` where a variable has no value or the form is another. */
function expand(text: string, values: ReadonlyMap<string, string>): string | null {
  let known = true;
  const expanded = text
    .replace(/^(["'])(.*)\1$/, '$2')
    .replaceAll(/\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)(?::-([^}]*))?\})/g, (_whole, plain, braced, fallback) => {
      const value = values.get(plain ?? braced) || fallback;
      if (value === undefined) known = false;
      return value ?? '';
    });
  return known && !expanded.includes('$') ? expanded : null;
}
