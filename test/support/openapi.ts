import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { z } from 'zod';

/*
 * GitHub's published description of its API, to check against it what we send, and what our stand-in for GitHub answers.
 * `scripts/github-openapi.ts` took the paths in question out of npm's @octokit/openapi.
 */

const parameterSchema = z.object({
  name: z.string(),
  in: z.enum(['path', 'query', 'header']),
  required: z.boolean().optional(),
  schema: z.unknown(),
});
const contentSchema = z.object({ content: z.object({ 'application/json': z.object({ schema: z.unknown() }) }) });
const operationSchema = z.object({
  parameters: z.array(z.union([parameterSchema, z.object({ $ref: z.string() })])).default([]),
  requestBody: contentSchema.optional(),
  responses: z.record(z.string(), z.unknown()),
});
const descriptionSchema = z.object({
  paths: z.record(z.string(), z.record(z.string(), z.unknown())),
  components: z.record(z.string(), z.record(z.string(), z.unknown())),
});

export interface SeenRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** Parsed; `undefined` where there was none. */
  readonly body: unknown;
}

export class OpenApi {
  readonly #description: z.output<typeof descriptionSchema>;
  readonly #ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false, allErrors: true });
  readonly #validators = new Map<string, ValidateFunction>();

  private constructor(text: string) {
    this.#description = descriptionSchema.parse(JSON.parse(text));
    this.#ajv.addSchema({ $id: 'github', components: this.#description.components });
  }

  static ofGithub(): OpenApi {
    return new OpenApi(readFileSync(new URL('../fixtures/github-openapi.json', import.meta.url), 'utf8'));
  }

  /** What the description does not allow in a request; nothing when all is well. */
  violationsOf(request: SeenRequest): string[] {
    const found = this.#find(request);
    if (found === null) return [`there is no ${request.method} ${request.path}`];
    const { operation, template, values } = found;
    const query = new URL(request.path, 'http://x').searchParams;
    const parameters = operation.parameters.map((one) => ('$ref' in one ? this.#resolve(one.$ref) : one));
    const unknown = [...query.keys()].filter((name) => !parameters.some((one) => one.name === name));
    const wrong = parameters.flatMap((parameter) => {
      const text = parameter.in === 'path' ? values[parameter.name] : (query.get(parameter.name) ?? undefined);
      if (text === undefined) return parameter.required === true ? [`${parameter.name} is missing`] : [];
      const value = /^\d+$/.test(text) && /"integer"/.test(JSON.stringify(parameter.schema)) ? Number(text) : text;
      return this.#check(`${template}?${parameter.name}`, parameter.schema, value);
    });
    return [...unknown.map((name) => `${name} is no parameter`), ...wrong, ...this.#bodyViolations(found, request)];
  }

  /** What the description does not allow in an answer. */
  answerViolations(request: SeenRequest, status: number, body: unknown): string[] {
    const found = this.#find(request);
    const told = found?.operation.responses[String(status)];
    if (found === null || told === undefined) return [`${status} is no answer to ${request.method} ${request.path}`];
    const answer = contentSchema.safeParse(isReference(told) ? this.#component(told.$ref) : told);
    if (!answer.success) return [];
    const { schema } = answer.data.content['application/json'];
    return this.#check(`${request.method} ${found.template} ${status}`, schema, body);
  }

  #bodyViolations(found: Found, { method, body }: SeenRequest): string[] {
    const { operation, template } = found;
    const schema = operation.requestBody?.content['application/json'].schema;
    if (schema === undefined) return body === undefined ? [] : ['it takes no body'];
    const known = z.object({ properties: z.record(z.string(), z.unknown()) }).parse(schema).properties;
    // The description forbids no key; a key that it doesn't know does nothing.
    const unknown = Object.keys(z.record(z.string(), z.unknown()).parse(body)).filter((key) => !(key in known));
    return [...unknown.map((key) => `${key} is unknown`), ...this.#check(`${method} ${template}`, schema, body)];
  }

  #find({ method, path }: SeenRequest): Found | null {
    const pathname = path.replace(/\?.*$/, '');
    for (const [template, methods] of Object.entries(this.#description.paths)) {
      const names = [...template.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name);
      const pattern = new RegExp(`^${template.replaceAll('.', '\\.').replaceAll(/\{\w+\}/g, '([^/]+)')}$`);
      const match = pattern.exec(pathname);
      const operation = methods[method.toLowerCase()];
      if (match === null || operation === undefined) continue;
      const values = names.map((name, index) => [name, decodeURIComponent(match[index + 1] ?? '')]);
      return { template, operation: operationSchema.parse(operation), values: Object.fromEntries(values) };
    }
    return null;
  }

  #check(place: string, schema: unknown, value: unknown): string[] {
    let validate = this.#validators.get(place);
    if (validate === undefined) {
      // References point into the one document that ajv has.
      validate = this.#ajv.compile(JSON.parse(JSON.stringify(schema).replaceAll('"#/', '"github#/')));
      this.#validators.set(place, validate);
    }
    if (validate(value)) return [];
    return (validate.errors ?? []).map((error) => `${place}: ${error.instancePath} ${error.message}`);
  }

  #resolve(reference: string): z.output<typeof parameterSchema> {
    return parameterSchema.parse(this.#component(reference));
  }

  #component(reference: string): unknown {
    const [, , kind = '', name = ''] = reference.split('/');
    return this.#description.components[kind]?.[name];
  }
}

interface Found {
  readonly template: string;
  readonly operation: z.output<typeof operationSchema>;
  readonly values: Readonly<Record<string, string>>;
}

function isReference(value: unknown): value is { $ref: string } {
  return typeof value === 'object' && value !== null && '$ref' in value;
}
