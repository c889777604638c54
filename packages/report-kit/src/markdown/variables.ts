/** A path into the report's data such as `report.title` or `findings[0].cvss.score`; nothing else is a variable. */
const PATH = /^[A-Za-z_][\w-]*(?:\.[A-Za-z_][\w-]*|\[\d{1,5}\])*$/;

/** The value of a variable as text; undefined when there is none of that name. */
export type VariableResolver = (path: string) => string | undefined;

/** Looks variables up in plain data: own properties only, never a call, so that text can read the report and do nothing else. */
export function variablesFrom(data: unknown): VariableResolver {
  return path => {
    if (path.length > 500 || !PATH.test(path)) return undefined;
    let value: unknown = data;
    for (const key of path.split(/[.[\]]+/).filter(part => part !== '')) {
      if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
      value = (value as Readonly<Record<string, unknown>>)[key];
    }
    if (typeof value === 'string') return value;
    if (typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (typeof value === 'object' && value !== null && 'label' in value && typeof value.label === 'string')
      return value.label;
    return Array.isArray(value) && value.every(item => typeof item === 'string')
      ? value.join(', ')
      : undefined;
  };
}
