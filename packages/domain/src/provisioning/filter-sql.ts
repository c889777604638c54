import { UserError } from '@glacis/foundation';
import { sql } from '@glacis/db';
import type { Filter, FilterOperator } from './filter.ts';

type Expression = ReturnType<typeof sql<boolean>>;
type Value = string | number | boolean | null;

/** What a filter may ask for: how a value is compared, by the SQL of the attribute. `fold`: case does not matter. */
export interface FilterColumn {
  readonly type: 'fold' | 'exact' | 'flag' | 'time';
  readonly of: Expression | ReturnType<typeof sql>;
  /** Says how one value is looked for among several. */
  readonly among?: (value: string) => Expression;
}

/** The condition of a filter over columns by their path. @throws UserError for what cannot be asked */
export function filterSql(filter: Filter, columns: ReadonlyMap<string, FilterColumn>): Expression {
  switch (filter.kind) {
    case 'and':
      return sql`(${sql.join(
        filter.parts.map(part => filterSql(part, columns)),
        sql` and `,
      )})`;
    case 'or':
      return sql`(${sql.join(
        filter.parts.map(part => filterSql(part, columns)),
        sql` or `,
      )})`;
    case 'not':
      return sql`(not coalesce(${filterSql(filter.part, columns)}, false))`;
    case 'present': {
      const { of } = columnOf(columns, filter.path);
      return sql`(coalesce(${of}::text, '') <> '')`;
    }
    case 'compare':
      return comparison(columnOf(columns, filter.path), filter);
  }
}

function columnOf(columns: ReadonlyMap<string, FilterColumn>, path: string): FilterColumn {
  const column = columns.get(path);
  if (!column) throw invalid(`“${path}” cannot be filtered by`);
  return column;
}

function comparison(
  column: FilterColumn,
  { path, operator, value }: { path: string; operator: FilterOperator; value: Value },
): Expression {
  if (column.among) {
    if (operator !== 'eq' || typeof value !== 'string') throw invalid(`“${path}” takes eq and a text only`);
    return column.among(value);
  }
  if (value === null) {
    if (operator === 'eq') return sql`(coalesce(${column.of}::text, '') = '')`;
    throw invalid('null can only be compared by eq');
  }
  switch (column.type) {
    case 'flag':
      return flagComparison(column.of, operator, value);
    case 'time':
      return timeComparison(column.of, operator, value);
    case 'fold':
      return textComparison(sql`lower(${column.of})`, operator, textOf(value).toLowerCase());
    case 'exact':
      return textComparison(sql`${column.of}`, operator, textOf(value));
  }
}

function textOf(value: Exclude<Value, null>): string {
  if (typeof value !== 'string') throw invalid('texts are compared with texts in double quotes');
  return value;
}

function textComparison(
  of: Expression | ReturnType<typeof sql>,
  operator: FilterOperator,
  value: string,
): Expression {
  switch (operator) {
    case 'eq':
      return sql`(${of} = ${value})`;
    case 'ne':
      return sql`(${of} is distinct from ${value})`;
    case 'co':
      return sql`(strpos(${of}, ${value}) > 0)`;
    case 'sw':
      return sql`(starts_with(${of}, ${value}))`;
    case 'ew':
      return sql`(right(${of}, length(${value}::text)) = ${value})`;
    default:
      return sql`(${of} ${ORDER[operator]} ${value})`;
  }
}

const ORDER = { gt: sql`>`, ge: sql`>=`, lt: sql`<`, le: sql`<=` } as const;

function flagComparison(
  of: FilterColumn['of'],
  operator: FilterOperator,
  value: Exclude<Value, null>,
): Expression {
  const wanted = typeof value === 'string' ? { true: true, false: false }[value.toLowerCase()] : value;
  if (typeof wanted !== 'boolean') throw invalid('it compares true or false with something else');
  if (operator === 'eq') return sql`(${of} = ${wanted})`;
  if (operator === 'ne') return sql`(${of} <> ${wanted})`;
  throw invalid('true and false can only be compared by eq and ne');
}

function timeComparison(
  of: FilterColumn['of'],
  operator: FilterOperator,
  value: Exclude<Value, null>,
): Expression {
  const at = typeof value === 'string' ? new Date(value) : undefined;
  if (!at || Number.isNaN(at.getTime())) throw invalid('a time is written like "2026-01-31T12:00:00Z"');
  if (operator === 'eq') return sql`(${of} = ${at})`;
  if (operator === 'ne') return sql`(${of} <> ${at})`;
  if (operator === 'co' || operator === 'sw' || operator === 'ew')
    throw invalid('times have no parts to look for');
  return sql`(${of} ${ORDER[operator]} ${at})`;
}

function invalid(why: string): UserError {
  return new UserError('scim.invalid-filter', `The filter cannot be used: ${why}.`);
}
