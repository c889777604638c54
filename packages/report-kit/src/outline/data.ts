import type { Design as ArchivedDesign, Project } from '../archives/index.ts';
import type { DesignFields } from '../design/fields.ts';
import type { FieldDefinition, Json, JsonObject } from '../fields/index.ts';
import { coerceValue, isJsonObject } from '../fields/index.ts';

/** A value as it is stored, of one as a template sees it: a score's vector, a choice's value. */
function stored(definition: FieldDefinition, value: unknown): Json {
  if (value === undefined || value === null) return null;
  if (definition.type === 'list')
    return Array.isArray(value) ? value.map(item => stored(definition.items, item)) : [];
  if (!isJsonObject(value as Json)) return coerceValue(definition, value as Json);
  const object = value as JsonObject;
  if (definition.type === 'object') return storedFields(definition.properties, object);
  return coerceValue(definition, object['vector'] ?? object['value'] ?? object['id'] ?? null);
}

function storedFields(definitions: readonly FieldDefinition[], values: JsonObject): JsonObject {
  return Object.fromEntries(
    definitions.map(definition => [definition.id, stored(definition, values[definition.id])]),
  );
}

const objectOf = (value: unknown): JsonObject => (isJsonObject(value as Json) ? (value as JsonObject) : {});
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? (value as unknown[]) : []);

/** The project that a template's data object stands for, so that outputs without pages can be made of it. */
export function projectOfData(
  data: unknown,
  fields: DesignFields,
  language: string,
): { project: Project; design: ArchivedDesign } {
  const whole = objectOf(data);
  // The attack-surface report's own values lie at the top.
  const report = objectOf(whole['report'] ?? whole);
  const definitions = fields.report_sections.flatMap(section => section.fields);
  const design: ArchivedDesign = {
    id: 'design',
    name: 'design',
    language,
    report_template: '',
    report_styles: '',
    report_sections: fields.report_sections,
    finding_fields: fields.finding_fields,
    finding_ordering: fields.finding_ordering,
  };
  const customer = typeof report['customer'] === 'string' ? report['customer'] : '';
  const project: Project = {
    id: 'project',
    name: customer,
    language,
    project_type: { id: 'design' },
    report_data: storedFields(definitions, report),
    members: listOf(whole['pentesters']).map((person, index) => ({
      id: `person-${index}`,
      name: String(objectOf(person)['name'] ?? ''),
    })),
    findings: listOf(whole['findings']).map((finding, index) => ({
      id: `finding-${index + 1}`,
      order: index + 1,
      data: storedFields(fields.finding_fields, objectOf(finding)),
    })),
    override_finding_order: true,
  };
  return { project, design };
}
