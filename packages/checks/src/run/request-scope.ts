import type { TextTemplate } from '../dsl/compile.ts';
import type { DslScope, DslValue } from '../dsl/values.ts';
import type { Template, Variable } from '../template/model.ts';
import type { PayloadSet } from './payload-sets.ts';

/** Makes an out-of-band host name for a marker such as `interactsh-url` or `interactsh-url_1`. */
export type OastMarker = (marker: string) => string | undefined;

/** Where the names of a request come from, weakest first: extracted values, template context, target, command line. */
export interface ScopeLayers {
  readonly dynamic: ReadonlyMap<string, DslValue>;
  readonly context: ReadonlyMap<string, DslValue>;
  readonly target: ReadonlyMap<string, DslValue>;
  readonly given: ReadonlyMap<string, DslValue>;
  /** Self-contained templates rank their own variables below what was given or extracted. */
  readonly isSelfContained: boolean;
}

const onceValues = new WeakMap<Template, Map<string, DslValue>>();

function evaluate(variable: Variable, scope: DslScope): DslValue {
  const { value } = variable;
  return 'render' in value ? value.render(scope) : value.map(item => item.render(scope));
}

const textsOf = (variable: Variable): readonly TextTemplate[] =>
  'render' in variable.value ? [variable.value] : variable.value;

/** True when a variable refers to anything beside earlier variables, so that it is evaluated for each request. */
function isLazy(template: Template): boolean {
  const known = new Set<string>();
  for (const variable of template.variables) {
    for (const text of textsOf(variable)) {
      for (const name of text.variables) if (!known.has(name)) return true;
    }
    known.add(variable.name);
  }
  return false;
}

/** Variables that need nothing but themselves, evaluated once for the whole run of the template. */
function valuesOnce(template: Template): Map<string, DslValue> | undefined {
  const known = onceValues.get(template);
  if (known !== undefined) return known;
  if (isLazy(template)) return undefined;
  const values = new Map<string, DslValue>();
  for (const variable of template.variables)
    values.set(variable.name, evaluate(variable, { get: name => values.get(name) }));
  onceValues.set(template, values);
  return values;
}

/** The names one request is rendered with. */
export class RequestScope implements DslScope {
  private readonly template: Template;
  private readonly layers: ScopeLayers;
  private readonly oast: OastMarker;
  private readonly payloads = new Map<string, DslValue>();
  private readonly variables = new Map<string, DslValue>();
  private readonly constants = new Map<string, DslValue>();
  spent = 0;

  constructor(template: Template, layers: ScopeLayers, payloads: PayloadSet, oast: OastMarker) {
    this.template = template;
    this.layers = layers;
    this.oast = oast;
    this.evaluateVariables();
    for (const constant of template.constants) this.constants.set(constant.name, evaluate(constant, this));
    for (const [name, value] of payloads)
      this.payloads.set(name, value.isConstant ? value.source : value.render(this));
  }

  private evaluateVariables(): void {
    const once = valuesOnce(this.template);
    for (const variable of this.template.variables) {
      const given = this.data(variable.name);
      this.variables.set(variable.name, given ?? once?.get(variable.name) ?? evaluate(variable, this));
    }
  }

  private data(name: string): DslValue | undefined {
    const { given, target, context, dynamic } = this.layers;
    return given.get(name) ?? target.get(name) ?? context.get(name) ?? dynamic.get(name);
  }

  /** The payload values of this request. */
  payloadValues(): ReadonlyMap<string, DslValue> {
    return this.payloads;
  }

  /** The value of a name. */
  get = (name: string): DslValue | undefined => {
    if (name.startsWith('interactsh-url')) return this.oast(name);
    return this.payloads.get(name) ?? this.constants.get(name) ?? this.variables.get(name) ?? this.data(name);
  };
}
