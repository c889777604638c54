import { ApiError } from './api-error.ts';

/** What is wrong with a form: a sentence above it, or sentences beside its fields. */
export interface Problem {
  /** Empty when every sentence stands beside a field that is shown. */
  readonly message: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Reads what went wrong; `shown` are the fields that the form shows. */
export function problemOf(error: unknown, shown: readonly string[] = []): Problem {
  if (error === null || error === undefined) return { message: '', fields: {} };
  const message = error instanceof Error ? error.message : String(error);
  if (!(error instanceof ApiError)) return { message, fields: {} };
  const isBesideFields =
    Object.keys(error.fields).length > 0 && Object.keys(error.fields).every(name => shown.includes(name));
  return { message: isBesideFields ? '' : message, fields: error.fields };
}
