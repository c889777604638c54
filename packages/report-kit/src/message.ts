/** How bad a {@link Message} is: an error means that the output is missing or wrong, a warning that it may not be what was meant. */
export type MessageLevel = 'error' | 'warning' | 'info';

/** Where a message points: a design file with line and column (1-based), or a path into the data such as `findings[2].impact`. */
export interface MessageLocation {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly path?: string;
  readonly page?: number;
  readonly url?: string;
}

/** One thing that the author of a design or a text should know: `text` says what is wrong and how to mend it. */
export interface Message {
  readonly level: MessageLevel;
  /** Stable, kebab-case, e.g. `image-missing`. */
  readonly code: string;
  readonly text: string;
  readonly location?: MessageLocation;
}

/** Thrown when a job cannot produce its output; `messages` holds the reason and all that was noticed before. */
export class RenderError extends Error {
  readonly code: string;
  readonly messages: readonly Message[];

  constructor(code: string, text: string, messages: readonly Message[] = []) {
    super(text);
    this.name = 'RenderError';
    this.code = code;
    this.messages = [...messages, { level: 'error', code, text }];
  }
}
