import assert from 'node:assert/strict';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';

const content = z.record(z.string(), z.object({ schema: z.unknown() }));
const response = z.looseObject({ $ref: z.string().optional(), content: content.optional() });
const parameter = z.looseObject({
  name: z.string(),
  in: z.enum(['path', 'query']),
  required: z.boolean(),
  schema: z.unknown(),
});
const operation = z.looseObject({
  operationId: z.string(),
  'x-permission': z.string(),
  parameters: z.array(parameter),
  requestBody: z.looseObject({ required: z.boolean(), content }).optional(),
  responses: z.record(z.string(), response),
});

/** What the tests read of the OpenAPI document. */
export const openApi = z.object({
  openapi: z.string(),
  components: z.looseObject({
    schemas: z.record(z.string(), z.unknown()),
    responses: z.record(z.string(), response),
  }),
  paths: z.record(z.string(), z.record(z.string(), operation)),
});
export type OpenApi = z.output<typeof openApi>;
export type Operation = z.output<typeof operation>;

/** Checks answers against a document, in which every object is closed. */
export function answersOf(api: OpenApi) {
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'doc', components: api.components });
  const compiled = new Map<string, ValidateFunction>();

  function validatorOf(schema: unknown): ValidateFunction {
    const text = JSON.stringify(schema).replaceAll('"#/components', '"doc#/components');
    const known =
      compiled.get(text) ?? ajv.compile(z.record(z.string(), z.unknown()).parse(JSON.parse(text)));
    compiled.set(text, known);
    return known;
  }
  return {
    /** Whether a value fits a schema of the document. */
    fits: (schema: unknown, value: unknown): boolean => validatorOf(schema)(value),
    /** Asserts that an answer is one of those that the document names, in status, media type and body. */
    check: (
      label: string,
      of: Operation | undefined,
      answer: { statusCode: number; body: string; headers: Readonly<Record<string, unknown>> },
    ): void => {
      const named = of?.responses[String(answer.statusCode)];
      assert.ok(named, `${label}: ${answer.statusCode} is not documented: ${answer.body.slice(0, 300)}`);
      const name = named.$ref?.replace('#/components/responses/', '');
      const { content: documented } = name === undefined ? named : (api.components.responses[name] ?? named);
      if (!documented) return assert.equal(answer.body, '', `${label}: a body that is not documented`);
      const type = String(answer.headers['content-type']).split(';')[0] ?? '';
      const entry = documented[type];
      assert.ok(entry, `${label}: ${type} is not documented for ${answer.statusCode}`);
      if (!type.endsWith('json')) return;
      const validate = validatorOf(entry.schema);
      const value: unknown = JSON.parse(answer.body);
      assert.ok(validate(value), `${label}: ${ajv.errorsText(validate.errors)}`);
    },
  };
}
