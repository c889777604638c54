import type { DesignV1, TemplateV1 } from './schema.ts';

type Loose = Readonly<Record<string, unknown>>;

const isLoose = (value: unknown): value is Loose =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field of the first format: the properties of an object were a dictionary there. */
function upgradeField(id: string, field: Loose, depth = 0): Loose {
  const { properties, items, ...rest } = field;
  const upgraded: Record<string, unknown> = { id, ...rest };
  // Deeper than any design goes; the schema that follows refuses it with a message.
  if (depth > 20) return field;
  if (isLoose(properties))
    upgraded.properties = upgradeFields(properties, Object.keys(properties), depth + 1);
  else if (properties !== undefined) upgraded.properties = properties;
  if (isLoose(items)) upgraded.items = upgradeField('', items, depth + 1);
  else if (items !== undefined) upgraded.items = items;
  return upgraded;
}

function upgradeFields(fields: Loose, order: readonly string[], depth = 0): Loose[] {
  const ids = [...new Set([...order.filter(id => Object.hasOwn(fields, id)), ...Object.keys(fields)])];
  return ids.flatMap(id => {
    const field = fields[id];
    return isLoose(field) ? [upgradeField(id, field, depth)] : [];
  });
}

/** `projecttypes/v1` as v2: dictionaries of fields become lists in their order. */
export function upgradeDesign(old: DesignV1): Loose {
  const { report_fields: fields, report_sections: sections, finding_field_order: order, ...rest } = old;
  const placed = new Set(sections.flatMap(section => section.fields));
  const left = Object.keys(fields).filter(id => !placed.has(id));
  const upgraded: Loose[] = sections.map(section => ({
    ...section,
    fields: upgradeFields(
      Object.fromEntries(section.fields.flatMap(id => (Object.hasOwn(fields, id) ? [[id, fields[id]]] : []))),
      section.fields,
    ),
  }));
  // A field in no section was not shown, but reports may have a value for it.
  if (left.length > 0)
    upgraded.push({
      id: sections.some(({ id }) => id === 'other') ? 'other_fields' : 'other',
      label: 'Other',
      fields: upgradeFields(Object.fromEntries(left.map(id => [id, fields[id]])), left),
    });
  return {
    ...rest,
    report_sections: upgraded,
    finding_fields: upgradeFields(old.finding_fields, order ?? []),
    format: 'projecttypes/v2',
  };
}

/** `templates/v1` as v2: its only language is the main one. */
export function upgradeTemplate(old: TemplateV1): Loose {
  const { language, status, data, ...rest } = old;
  const translation = { is_main: true, language, ...(status === undefined ? {} : { status }), data };
  return { ...rest, translations: [translation], images: rest.images ?? [], format: 'templates/v2' };
}
