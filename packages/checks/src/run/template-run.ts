import { textOfBytes } from '../bytes.ts';
import type { DslValue } from '../dsl/values.ts';
import { CookieJar } from '../http/cookies.ts';
import { portOf, targetVariables, urlOf } from '../http/target.ts';
import type { Target } from '../http/target.ts';
import type { Verdict } from '../match/operate.ts';
import type { Template } from '../template/model.ts';
import type { Exchange } from './http-exchange.ts';
import { RequestScope } from './request-scope.ts';
import type { PayloadSet } from './payload-sets.ts';
import { infoRecord } from './result.ts';
import type { CheckResult, Interaction } from './result.ts';
import type { ScanServices } from './services.ts';

/** Answers to exactly the same request within one job, shared by the templates that send it. */
export type ResponseCache = Map<string, Promise<Exchange[]>>;

/** What a protocol says about one event, for the result record. */
export interface EventFacts {
  readonly type: string;
  /** Byte strings. */
  readonly matchedAt: string;
  readonly request: string;
  readonly response: string;
  readonly ip: string;
  readonly target: Target | undefined;
  readonly path?: string;
  readonly curl?: string;
  readonly payloads: ReadonlyMap<string, DslValue>;
  readonly matchedLines?: readonly number[];
}

/** An out-of-band name made for a request. */
export interface OastName {
  readonly marker: string;
  readonly id: string;
  readonly url: string;
}

/** The variables of a target, shared by all templates that run on it. */
const plainVariables = new WeakMap<Target, ReadonlyMap<string, DslValue>>();
const trimmedVariables = new WeakMap<Target, ReadonlyMap<string, DslValue>>();

/** One template on one target: its cookies, its values, its results. */
export class TemplateRun {
  readonly template: Template;
  readonly target: Target | undefined;
  readonly services: ScanServices;
  readonly cache: ResponseCache;
  readonly jar: CookieJar;
  /** Values of internal extractors. */
  readonly dynamic = new Map<string, DslValue>();
  /** Values that blocks export to each other and flows set. */
  readonly context: Map<string, DslValue>;
  /** True once anything matched. */
  isMatched = false;
  /** Names of matchers and extractors that gave a result, for workflows. */
  readonly names = new Set<string>();
  /** Requests that could not be sent or got no answer. */
  failures = 0;
  constructor(
    template: Template,
    target: Target | undefined,
    services: ScanServices,
    cache: ResponseCache,
    jar?: CookieJar,
    context?: Map<string, DslValue>,
  ) {
    this.template = template;
    this.target = target;
    this.services = services;
    this.cache = cache;
    this.jar = jar ?? new CookieJar();
    this.context = context ?? new Map();
  }

  /** True for templates whose blocks see each other's values. */
  get isMulti(): boolean {
    return this.template.blocks.length > 1 || this.template.flow !== undefined;
  }

  /** The target's variables; with `port` for a request that goes to another port. */
  targetVariables(trimsSlash: boolean, port?: number): ReadonlyMap<string, DslValue> {
    if (this.target === undefined || this.template.isSelfContained) return new Map();
    if (port !== undefined) return targetVariables({ ...this.target, port }, trimsSlash);
    const cache = trimsSlash ? trimmedVariables : plainVariables;
    const known = cache.get(this.target);
    if (known !== undefined) return known;
    const made = targetVariables(this.target, trimsSlash);
    cache.set(this.target, made);
    return made;
  }

  /** The names a request is rendered with; every out-of-band name made is pushed to `oastNames`. */
  scope(
    payloads: PayloadSet,
    target: ReadonlyMap<string, DslValue>,
    dynamic: ReadonlyMap<string, DslValue>,
    oastNames: OastName[],
  ): RequestScope {
    const marker = (name: string): string | undefined => {
      const known = name === 'interactsh-url' ? undefined : oastNames.find(made => made.marker === name);
      const made = known ?? this.services.oast?.create();
      if (made === undefined) return undefined;
      if (known === undefined) oastNames.push({ marker: name, ...made });
      return made.url;
    };
    const layers = {
      dynamic,
      context: this.context,
      target,
      given: this.services.settings.variables,
      isSelfContained: this.template.isSelfContained,
    };
    return new RequestScope(this.template, layers, payloads, marker);
  }

  /** Takes the values of internal extractors for what follows. */
  remember(internal: ReadonlyMap<string, readonly string[]>): void {
    for (const [name, values] of internal) {
      const [first = ''] = values;
      this.dynamic.set(name, this.template.flow !== undefined && values.length > 1 ? values : first);
      if (!this.isMulti) continue;
      this.context.set(name, this.template.flow !== undefined && values.length > 1 ? values : first);
      values.forEach((value, index) =>
        this.context.set(
          `${name}${index === 0 ? '' : index}`,
          index === 0 ? (this.dynamic.get(name) ?? value) : value,
        ),
      );
    }
  }

  /** Exports the values of an event under a block's id, for templates of several blocks. */
  export(prefix: string, values: ReadonlyMap<string, DslValue>): void {
    if (!this.isMulti) return;
    for (const [name, value] of values) this.context.set(`${prefix}_${name}`, value);
  }

  /** Turns a verdict into results. True when the block counts as matched. */
  report(verdict: Verdict, facts: EventFacts | (() => EventFacts), interaction?: Interaction): boolean {
    const known = (): EventFacts => (typeof facts === 'function' ? facts() : facts);
    if (!verdict.isMatched) {
      if (this.services.settings.reportsFailures)
        this.services.emit({ ...this.record([], known(), interaction), 'matcher-status': false });
      return false;
    }
    this.isMatched = true;
    for (const name of [...verdict.matcherNames, ...verdict.extracts.keys()]) this.names.add(name);
    if (verdict.isHidden) return true;
    const base = this.record(verdict.output, known(), interaction);
    const records: CheckResult[] =
      verdict.matcherNames.length > 0
        ? verdict.matcherNames.map(name => ({ ...base, 'matcher-name': textOfBytes(name) }))
        : verdict.extracts.size > 0
          ? [...verdict.extracts].map(([name, values]) => ({
              ...base,
              'extractor-name': textOfBytes(name),
              'extracted-results': values.map(textOfBytes),
            }))
          : [base];
    for (const record of records) {
      this.services.counters.matches += 1;
      this.services.emit(record);
    }
    return true;
  }

  private record(
    output: readonly string[],
    facts: EventFacts,
    interaction: Interaction | undefined,
  ): CheckResult {
    const { settings } = this.services;
    const saved = (text: string): string => textOfBytes(text.slice(0, settings.maxSaved));
    const { target } = facts;
    return {
      template: this.template.path,
      'template-id': this.template.id,
      'template-path': this.template.path,
      info: infoRecord(this.template.info),
      type: facts.type,
      host: textOfBytes(target?.host ?? facts.matchedAt),
      ...(target === undefined
        ? {}
        : {
            port: String(portOf(target)),
            ...(target.scheme === '' ? {} : { scheme: target.scheme, url: textOfBytes(urlOf(target)) }),
          }),
      ...(facts.path === undefined || facts.path === '' ? {} : { path: textOfBytes(facts.path) }),
      'matched-at': textOfBytes(facts.matchedAt),
      ...(output.length === 0 ? {} : { 'extracted-results': output.map(textOfBytes) }),
      ...(settings.omitsRaw ? {} : { request: saved(facts.request), response: saved(facts.response) }),
      ...(facts.payloads.size === 0
        ? {}
        : {
            meta: Object.fromEntries(
              [...facts.payloads].map(([name, value]) => [
                name,
                typeof value === 'string' ? textOfBytes(value) : value,
              ]),
            ),
          }),
      ...(facts.ip === '' ? {} : { ip: facts.ip }),
      timestamp: new Date().toISOString(),
      ...(interaction === undefined ? {} : { interaction }),
      ...(facts.curl === undefined ? {} : { 'curl-command': textOfBytes(facts.curl) }),
      'matcher-status': true,
      ...(facts.matchedLines === undefined ? {} : { 'matched-line': facts.matchedLines }),
    };
  }
}
