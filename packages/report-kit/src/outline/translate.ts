import type { FieldDefinition, SectionDefinition } from '../fields/index.ts';
import { isSeverity } from '../scores/index.ts';

type Labels = Readonly<Record<string, string>>;

/** What a design or an archive says of its fields. */
interface Fields {
  readonly report_sections: readonly SectionDefinition[];
  readonly finding_fields: readonly FieldDefinition[];
}

function translated(definition: FieldDefinition, key: string, labels: Labels): FieldDefinition {
  // The items of a list have no label of their own.
  const named =
    definition.label === undefined ? definition : { ...definition, label: labels[key] ?? definition.label };
  switch (named.type) {
    case 'object':
      return { ...named, properties: named.properties.map(inner => below(inner, key, labels)) };
    case 'list':
      return {
        ...named,
        items:
          named.items.type === 'object'
            ? translated(named.items, key, labels)
            : translated(named.items, `${key}.item`, labels),
      };
    case 'enum': {
      const choices = named.choices.map(choice => {
        const own = labels[`${key}.${choice.value}`];
        const text = own ?? (isSeverity(choice.value) ? labels[`severity.${choice.value}`] : undefined);
        return text === undefined ? choice : { ...choice, label: text };
      });
      return { ...named, choices };
    }
    default:
      return named;
  }
}

const below = (definition: FieldDefinition, key: string, labels: Labels): FieldDefinition =>
  translated(definition, `${key}.${definition.id}`, labels);

/**
 * Field definitions with the labels of a language: `field.report.ID`, `field.finding.ID` and `section.ID`, parts and choices
 * with their own id or value after it (`field.finding.retest_status.open`). What has no such label, or none to replace, stays as it is.
 */
export function translateFields<Given extends Fields>(fields: Given, labels: Labels): Given {
  return {
    ...fields,
    report_sections: fields.report_sections.map(section => {
      const label = labels[`section.${section.id}`] ?? section.label;
      return {
        ...section,
        ...(label === undefined ? {} : { label }),
        fields: section.fields.map(field => below(field, 'field.report', labels)),
      };
    }),
    finding_fields: fields.finding_fields.map(field => below(field, 'field.finding', labels)),
  };
}
