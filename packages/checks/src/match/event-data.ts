import type { DslScope, DslValue } from '../dsl/values.ts';

/** What matchers and extractors see: the response's own values over those the request was made with. */
export class EventData implements DslScope {
  /** Values of the response; extractors add to them. */
  readonly values: Map<string, DslValue>;
  private readonly below: (name: string) => DslValue | undefined;
  effects: ReadonlyMap<string, DslValue> = new Map();
  spent = 0;

  constructor(values: Map<string, DslValue>, below: (name: string) => DslValue | undefined) {
    this.values = values;
    this.below = below;
  }

  /** The value of a name. */
  get = (name: string): DslValue | undefined => this.values.get(name) ?? this.below(name);
}
