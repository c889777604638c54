/** A template, flag or file that cannot be used; the message says what is wrong and where. */
export class TemplateError extends Error {
  override readonly name = 'TemplateError';
}

/** A template that uses a part of the format which this engine refuses by name instead of running it in part. */
export class UnsupportedError extends TemplateError {
  /** The refused feature, e.g. `headless`. */
  readonly feature: string;

  constructor(feature: string, detail?: string) {
    super(`unsupported: ${feature}${detail === undefined ? '' : ` (${detail})`}`);
    this.feature = feature;
  }
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
