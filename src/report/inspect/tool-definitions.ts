import type { ModelTool } from '../../model/model-client.js';
import type { InspectObject } from './log-format.js';
import { plain } from './log-json.js';

/** Tools as Inspect describes them. Of a JSON schema only what its readers know goes in: they check it strictly. */
export function toolDefinitions(tools: readonly ModelTool[] | undefined): readonly InspectObject[] {
  return (tools ?? []).map(({ name, description, inputSchema }) => {
    const { properties, required } = inputSchema;
    return {
      name,
      description,
      parameters: {
        type: 'object',
        properties: schemas(properties) ?? {},
        required: names(required) ?? [],
        additionalProperties: false,
      },
    };
  });
}

function schema(value: unknown): InspectObject {
  if (!isRecord(value)) return {};
  const { type, description, enum: values, items, properties, anyOf, required } = value;
  return {
    type: typeof type === 'string' && jsonTypes.has(type) ? type : undefined,
    description: typeof description === 'string' ? description : undefined,
    default: value['default'] === undefined ? undefined : plain(value['default']),
    enum: Array.isArray(values) ? plain(values) : undefined,
    items: isRecord(items) ? schema(items) : undefined,
    properties: schemas(properties),
    anyOf: Array.isArray(anyOf) ? anyOf.map(schema) : undefined,
    required: names(required),
  };
}

function schemas(value: unknown): InspectObject | undefined {
  if (!isRecord(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, schema(member)]));
}

function names(value: unknown): readonly string[] | undefined {
  return Array.isArray(value) ? value.filter((name) => typeof name === 'string') : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

const jsonTypes = new Set(['string', 'integer', 'number', 'boolean', 'array', 'object', 'null']);
