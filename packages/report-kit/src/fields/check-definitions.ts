import type { Message } from '../message.ts';
import { checkFields, fitsPattern, patternFault } from './check.ts';
import { fieldsOf } from './condition.ts';
import type { FieldDefinition } from './definition.ts';
import type { Json } from './json.ts';

type Say = (path: string, text: string) => void;

const name = ({ label, id }: FieldDefinition): string => `“${(label ?? '') || id || 'Item'}”`;

/** A default that the field itself would not take; an empty one is a choice, and `TODO` marks what is to be filled in. */
function checkDefault(definition: FieldDefinition, path: string, say: Say): void {
  const value = 'default' in definition ? (definition.default as Json | undefined) : undefined;
  if (value === undefined || value === null) return;
  const faults = checkFields([{ ...definition, id: 'default', condition: undefined }], { default: value });
  for (const { level, text } of faults)
    if (level === 'error') say(path, `its default is not allowed: ${text}`);
}

function checkOne(definition: FieldDefinition, beside: ReadonlySet<string>, path: string, say: Say): void {
  const { condition } = definition;
  for (const field of condition === undefined ? [] : fieldsOf(condition))
    if (field === definition.id)
      say(path, `the condition of ${name(definition)} asks about the field itself.`);
    else if (!beside.has(field))
      say(
        path,
        `the condition of ${name(definition)} asks about “${field}”, which is no field beside it: correct the id.`,
      );
  if (definition.type === 'string' && definition.pattern) {
    const fault = patternFault(definition.pattern);
    if (fault !== undefined) return say(path, `${name(definition)}: ${fault}.`);
    // Checked by itself: the default of a pattern's field is often a mark such as TODO, which is no fault.
    if (
      definition.default &&
      !definition.default.startsWith('TODO') &&
      !fitsPattern(definition.pattern, definition.default)
    )
      say(path, `the default of ${name(definition)} does not fit its own pattern: change one of them.`);
    return;
  }
  if (
    definition.type === 'number' &&
    typeof definition.minimum === 'number' &&
    typeof definition.maximum === 'number' &&
    definition.minimum > definition.maximum
  )
    return say(
      path,
      `no number fits ${name(definition)}: its minimum ${definition.minimum} is above its maximum ${definition.maximum}.`,
    );
  if (definition.type === 'enum' && definition.choices.length === 0)
    return say(path, `${name(definition)} has no choices: give it some, or make it a text.`);
  checkDefault(definition, path, say);
  if (definition.type === 'object') checkEach(definition.properties, `${path}.properties`, say);
  if (definition.type === 'list') checkOne(definition.items, beside, `${path}.items`, say);
}

function checkEach(definitions: readonly FieldDefinition[], path: string, say: Say): void {
  const beside = new Set(definitions.map(({ id }) => id));
  for (const definition of definitions)
    checkOne(definition, beside, path === '' ? definition.id : `${path}.${definition.id}`, say);
}

/**
 * Checks definitions that have the right form for what cannot be meant: a default that the field would not take, bounds that no
 * number fits, a pattern that cannot be run, a condition about a field that is not there. Warnings: reports can still be made.
 */
export function checkDefinitions(definitions: readonly FieldDefinition[], path = ''): Message[] {
  const messages: Message[] = [];
  checkEach(definitions, path, (at, text) =>
    messages.push({
      level: 'warning',
      code: 'definition-faulty',
      text: `${at}: ${text}`,
      location: { path: at },
    }),
  );
  return messages;
}
