/** Base of all errors that carry a stable code of the catalogue (`@glacis/contract`). */
abstract class CodedError extends Error {
  readonly code: string;
  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
    this.name = new.target.name;
  }
}

/** The caller asked for something that cannot be: the message is safe to show and says what to do. Answered with a 4xx status. */
export class UserError extends CodedError {
  /** Field errors of a form or request body, by JSON path. */
  readonly fields?: Readonly<Record<string, string>>;
  constructor(
    code: string,
    message: string,
    options?: ErrorOptions & { fields?: Readonly<Record<string, string>> },
  ) {
    super(code, message, options);
    if (options?.fields) this.fields = options.fields;
  }
}

/** Something outside failed or is passing: worth retrying, not a defect of ours. */
export class OperationalError extends CodedError {}

/** A broken promise inside Glacis: somebody has to mend code. */
export class UnexpectedError extends CodedError {
  constructor(message: string, options?: ErrorOptions) {
    super('internal.unexpected', message, options);
  }
}

/** Marks a branch that the types say cannot be reached. @throws UnexpectedError always. */
export function exhaustive(value: never): never {
  throw new UnexpectedError(`Unhandled case: ${JSON.stringify(value)}`);
}

/** The message of anything that was thrown. */
export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
