import { z } from 'zod';

/** The parts of a JSON Schema that data is generated from. */
const schemaShape = z.looseObject({
  type: z.union([z.string(), z.array(z.string())]).optional(),
  enum: z.array(z.unknown()).optional(),
  const: z.unknown().optional(),
  anyOf: z.array(z.unknown()).optional(),
  oneOf: z.array(z.unknown()).optional(),
  format: z.string().optional(),
  pattern: z.string().optional(),
  minLength: z.number().optional(),
  maxLength: z.number().optional(),
  minimum: z.number().optional(),
  maximum: z.number().optional(),
  minItems: z.number().optional(),
  items: z.unknown().optional(),
  properties: z.record(z.string(), z.unknown()).optional(),
  required: z.array(z.string()).optional(),
});
type Schema = z.output<typeof schemaShape>;

/** How much of a schema a value has: only what it must, or all that it may. */
export type Extent = 'least' | 'most';

const FORMATS: Readonly<Record<string, string>> = {
  uuid: '01920000-0000-7000-8000-0000000000ff',
  email: 'somebody@example.test',
  'date-time': '2026-01-31T12:00:00.000Z',
  uri: 'https://example.test/',
};
/** Texts for patterns; the first that fits is taken. */
const TEXTS = ['example', 'abc', 'example.test', 'eur', '12', '123456', 'AAAA'];

/** A value that fits a schema; the same each time. */
export function valueOf(of: unknown, extent: Extent): unknown {
  const schema = schemaShape.parse(of ?? {});
  if (schema.const !== undefined) return schema.const;
  if (schema.enum) return schema.enum[extent === 'least' ? 0 : schema.enum.length - 1];
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return valueOf(choices[extent === 'least' ? 0 : choices.length - 1], extent);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case 'string':
      return textOf(schema, extent);
    case 'integer':
    case 'number':
      return extent === 'least' ? Math.max(schema.minimum ?? 0, 0) : Math.min(schema.maximum ?? 100, 1000);
    case 'boolean':
      return extent === 'most';
    case 'null':
      return null;
    case 'array':
      return Array.from({ length: Math.max(schema.minItems ?? 0, extent === 'most' ? 1 : 0) }, () =>
        valueOf(schema.items, extent),
      );
    case 'object':
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([name]) => extent === 'most' || schema.required?.includes(name) === true)
          .map(([name, inner]) => [name, valueOf(inner, extent)]),
      );
    default:
      return 'anything';
  }
}

function textOf({ format, pattern, minLength = 0, maxLength = 1000 }: Schema, extent: Extent): string {
  const known = format === undefined ? undefined : FORMATS[format];
  if (known !== undefined) return known;
  if (pattern !== undefined) return TEXTS.find(text => new RegExp(pattern).test(text)) ?? '';
  return 'x'.repeat(extent === 'least' ? Math.max(minLength, 1) : Math.min(maxLength, 5000));
}

/** A value that does not fit, and what is wrong with it. */
export interface Wrong {
  readonly what: string;
  readonly value: unknown;
}

/** Values that come near to a schema of an object and miss it, each in one respect. */
export function wrongOnes(of: unknown): Wrong[] {
  const schema = schemaShape.parse(of ?? {});
  const good = valueOf(of, 'most');
  const whole: Wrong[] = [null, [], 'text', 7, true].map(value => ({
    what: `${JSON.stringify(value)} instead of an object`,
    value,
  }));
  if (typeof good !== 'object' || good === null) return whole;
  const fields = Object.entries(schema.properties ?? {}).flatMap(([name, inner]) =>
    [null, 7, -1, 1e308, true, [], [[]], {}, '', 'x'.repeat(100_000), '\u202e', '🏰'].map(value => ({
      what: `${name} = ${(JSON.stringify(value) ?? '').slice(0, 30)} (${JSON.stringify(inner).slice(0, 40)})`,
      value: { ...good, [name]: value },
    })),
  );
  const missing = (schema.required ?? []).map(name => ({
    what: `without ${name}`,
    value: Object.fromEntries(Object.entries(good).filter(([key]) => key !== name)),
  }));
  return [...whole, ...fields, ...missing, { what: 'an unknown key', value: { ...good, isAdmin: true } }];
}
