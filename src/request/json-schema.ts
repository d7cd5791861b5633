import { z } from 'zod';
import { ageIdentities, ageRecipients } from './age-keys.ts';
import { backupEntry, backupKeys, backupKinds } from './backup-entry.ts';
import { writtenDefault } from './defaults.ts';
import { docsOf, requestKeys, requestSchema } from './schema.ts';
import { smokeChecks, smokeEntry, smokeKinds } from './smoke-entry.ts';
import { durationText, sizeText } from './units.ts';
import { assignments, duration, percentage, registryUrl, size, timeLimit, variableName, wait } from './value-types.ts';

/*
 * homeport.yml for editors. It is made from the request's schema; what that says in code (a text that becomes a
 * duration, a rule over two fields) is said again here, as far as JSON Schema can say it.
 */

type JsonSchema = z.core.JSONSchema.BaseSchema;
type Override = NonNullable<NonNullable<Parameters<typeof z.toJSONSchema>[1]>['override']>;

const address = 'https://raw.githubusercontent.com/homeport-dev/homeport/v1/dist/homeport.schema.json';

const onlyTheParser =
  'Only Homeport itself sees, before it touches anything: whether keys make sense together (`telegram-chat` needs `telegram-token`), ' +
  'YAML inside a text, what a variable expands to or whether it is there, the bounds of numbers that are written as texts, ' +
  'durations above 24 days, keys of age that are mistyped, regular expressions that are none, and what an `http` check may not ask of its address.';

/** The text of `dist/homeport.schema.json`: draft 07, which every editor knows. */
export function settingsSchemaText(): string {
  return `${JSON.stringify(settingsSchema(), null, 2)}\n`;
}

function settingsSchema(): JsonSchema {
  const { properties = {} } = converted(requestSchema);
  const keys = requestKeys.filter((key) => key !== 'config');
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: address,
    title: 'homeport.yml',
    description: `The settings of a Homeport deployment. ${onlyTheParser}`,
    type: 'object',
    additionalProperties: false,
    properties: Object.fromEntries(
      keys.map((key) => {
        const values = withVariables(properties[key] as JsonSchema);
        const { meaning, default: fallback } = docsOf(key);
        const literal = writtenDefault(key);
        const property: JsonSchema = {
          description: fallback === undefined ? `${meaning}.` : `${meaning}. Default: ${fallback}.`,
          ...(literal === undefined ? {} : { default: literal }),
          anyOf: [...alternativesOf(values), { $ref: '#/definitions/nothing' }],
        };
        return [key, property];
      }),
    ),
    definitions: {
      nothing: { type: ['null', 'string'], pattern: '^\\s*$', description: 'the same as to leave the key out' },
      variable: {
        type: 'string',
        pattern: '\\$\\{[A-Za-z_]\\w*(:-[\\s\\S]*)?\\}',
        description: '`${NAME}` or `${NAME:-default}`, from the environment and the env files',
      },
    },
  };
}

function converted(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { io: 'input', target: 'draft-07', unrepresentable: 'any', override }) as JsonSchema;
}

const ageRecipient = 'age1[0-9a-z]{50,}';

/** Texts that are turned into something, by what they look like. */
const texts = new Map<unknown, JsonSchema>([
  [duration, { type: 'string', pattern: trimmed(durationText.source) }],
  [wait, { type: 'string', pattern: trimmed(durationText.source) }],
  [timeLimit, { type: 'string', pattern: trimmed(durationText.source.replace('^', '^(?=[\\d.]*[1-9])')) }],
  [size, { type: 'string', pattern: trimmed(sizeText.source) }],
  [percentage, { type: 'string', pattern: '^\\s*0*(100(\\.0+)?|\\d{1,2}(\\.\\d+)?)\\s*%\\s*$' }],
  [ageIdentities, { type: 'string', pattern: '^\\s*(#.*\\s+)*AGE-SECRET-KEY-' }],
  [
    ageRecipients,
    {
      anyOf: [
        { type: 'string', pattern: `^\\s*(${ageRecipient}\\s*)*$` },
        { type: 'array', items: { type: 'string', pattern: `^\\s*${ageRecipient}\\s*$` } },
      ],
    },
  ],
  [registryUrl, { type: 'string', pattern: '^\\s*[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#@]+(/[^?#]*)?$' }],
]);

const override: Override = ({ zodSchema, jsonSchema }) => {
  const text = texts.get(zodSchema);
  if (text !== undefined) become(jsonSchema, text);
  if (zodSchema === smokeEntry) become(jsonSchema, { anyOf: smokeKinds.map(smokeCheck) });
  if (zodSchema === backupEntry) Object.assign(jsonSchema, { allOf: backupKinds.map(rulesOfKind) });
  if (zodSchema === assignments) variables(jsonSchema);
  const { def } = zodSchema._zod;
  // As it is after parsing: milliseconds, say. A key's own default is told as people write it.
  if (def.type === 'default') delete jsonSchema.default;
  if (def.type === 'lazy') become(jsonSchema, {});
  if (def.type === 'string') strings(zodSchema, jsonSchema);
  if (def.type === 'pipe') pipes(def, jsonSchema);
  if ((def.type === 'record' || def.type === 'object') && refusesEmpty(zodSchema, jsonSchema)) {
    jsonSchema.minProperties = 1;
  }
};

function become(schema: JsonSchema, wanted: JsonSchema): void {
  for (const name of Object.keys(schema)) delete schema[name];
  Object.assign(schema, wanted);
}

function smokeCheck(kind: (typeof smokeKinds)[number]): JsonSchema {
  const { $schema: _, definitions: __, ...check } = converted(smokeChecks[kind]);
  // The value of `json:` may be anything; zod says so by a definition that refers to itself.
  return JSON.parse(JSON.stringify(check, (name, value) => (name === '$ref' ? undefined : value)));
}

/** What an entry of that kind needs and has no use for, as its parser tells when it is asked. */
function rulesOfKind(kind: string): JsonSchema {
  const least: Record<string, string> = { service: 'db', kind };
  const complaints = (entry: Record<string, string>) =>
    (backupEntry.safeParse(entry).error?.issues ?? []).filter(({ code }) => code === 'custom');
  const needed = complaints(least).map(({ path }) => String(path[0]));
  for (const name of needed) least[name] = '/x';
  const foreign = backupKeys.filter(
    (name) =>
      !(name in least) &&
      complaints({ ...least, [name]: '/x' }).some(
        ({ path, message }) => path[0] === name && message.includes('to be left out'),
      ),
  );
  return {
    if: { properties: { kind: { const: kind } } },
    // biome-ignore lint/suspicious/noThenProperty: JSON Schema's own word.
    then: {
      ...(needed.length > 0 ? { required: needed } : {}),
      properties: Object.fromEntries(foreign.map((name) => [name, false])),
    },
  };
}

function variables(schema: JsonSchema): void {
  for (const branch of alternativesOf(schema)) {
    if (branch.type === 'object') branch.propertyNames = { type: 'string', pattern: variableName.source };
    else branch.pattern = '[=:#]';
  }
}

function strings(type: z.core.$ZodType, schema: JsonSchema): void {
  if (schema.format === 'uri') {
    delete schema.format;
    schema.pattern = '^\\s*[Hh][Tt][Tt][Pp][Ss]?://[^\\s/?#]';
  }
  const checks = 'checks' in type._zod.def ? (type._zod.def.checks as z.core.$ZodCheck[] | undefined) : [];
  if (!checks?.some((check) => check._zod.def.check === 'overwrite')) return;
  if (schema.pattern !== undefined) schema.pattern = trimmed(schema.pattern);
  else if (schema.minLength === 1) schema.pattern = '\\S';
  delete schema.minLength;
}

/** For what is trimmed before it is looked at. */
function trimmed(source: string): string {
  return source.replace(/^\^/, '^\\s*').replace(/\$$/, '\\s*$');
}

function pipes(def: z.core.$ZodTypeDef, schema: JsonSchema): void {
  const { in: first, out: last } = def as z.core.$ZodPipeDef;
  // `structured`: YAML in a text is read first.
  if (first._zod.def.type === 'transform') {
    const inner = { ...schema };
    const pattern = inner.type === 'array' ? '^\\s*[-\\[#]' : '[:#]|^\\s*\\{\\s*\\}\\s*$';
    become(schema, { anyOf: [inner, { type: 'string', pattern }] });
  }
  // `number`: whether as a number or as digits, it has to lie within these bounds.
  if (last._zod.def.type !== 'number') return;
  const { type, minimum = -Infinity, maximum = Infinity } = converted(last as z.ZodType);
  for (const branch of alternativesOf(schema)) {
    if (branch.type !== 'number' && branch.type !== 'integer') continue;
    if (type !== undefined) branch.type = type;
    if (minimum > -Number.MAX_SAFE_INTEGER) branch.minimum = minimum;
    if (maximum < Number.MAX_SAFE_INTEGER) branch.maximum = maximum;
  }
}

function refusesEmpty(type: z.core.$ZodType, schema: JsonSchema): boolean {
  return (schema.required ?? []).length === 0 && !z.safeParse(type, {}).success;
}

function alternativesOf(schema: JsonSchema): JsonSchema[] {
  const { anyOf, ...others } = schema;
  return anyOf !== undefined && Object.keys(others).length === 0 ? (anyOf as JsonSchema[]) : [schema];
}

/** The same, where a text that has to look a certain way may also be a variable. */
function withVariables(schema: JsonSchema): JsonSchema {
  const { propertyNames, ...rest } = schema;
  const walked = Object.fromEntries(Object.entries(rest).map(([name, value]) => [name, walk(value)])) as JsonSchema;
  if (propertyNames !== undefined) walked.propertyNames = propertyNames;
  if (walked.anyOf !== undefined) walked.anyOf = walked.anyOf.flatMap((one) => alternativesOf(one as JsonSchema));
  const looks =
    walked.enum ?? walked.const ?? walked.maxLength ?? (walked.pattern === '\\S' ? undefined : walked.pattern);
  if (walked.type !== 'string' || looks === undefined) return walked;
  return { anyOf: [walked, { $ref: '#/definitions/variable' }] };
}

function walk(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(walk);
  return typeof value === 'object' && value !== null ? withVariables(value as JsonSchema) : value;
}
