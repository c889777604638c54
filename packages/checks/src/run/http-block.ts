import { Suspension } from '../dsl/values.ts';
import type { DslValue } from '../dsl/values.ts';
import { buildPathRequest, buildRawRequest } from '../http/build-request.ts';
import type { BuiltRequest } from '../http/build-request.ts';
import { responseValues, valuesWithBody } from '../http/response-values.ts';
import { hostnameOf, parseTarget } from '../http/target.ts';
import { EventData } from '../match/event-data.ts';
import { operate } from '../match/operate.ts';
import type { HttpBlock, RawRequest, RequestPath } from '../template/model.ts';
import { RequestFailed, exchange, shownUrlOf, urlOfRequest } from './http-exchange.ts';
import type { Exchange, SendOptions } from './http-exchange.ts';
import { countPayloadSets, payloadSets } from './payload-sets.ts';
import type { PayloadSet } from './payload-sets.ts';
import type { RequestScope } from './request-scope.ts';
import type { EventFacts, OastName, TemplateRun } from './template-run.ts';
import { unresolvedIn } from './unresolved.ts';

type Step = { readonly path: RequestPath } | { readonly raw: RawRequest };
/** What a request did to its block. */
interface StepOutcome {
  readonly isMatched: boolean;
  /** True when the block must not go on: a placeholder had no value. */
  readonly isBroken: boolean;
}

const NOTHING: StepOutcome = { isMatched: false, isBroken: false };
const MAX_ITERATIONS = 200;
const MAX_RENDER_WAITS = 4;

/** Runs one HTTP block of a template on its target. */
export class HttpBlockRun {
  private readonly block: HttpBlock;
  private readonly run: TemplateRun;
  private readonly prefix: string;
  private readonly steps: readonly Step[];
  private readonly timeoutMs: number;
  /** Set by the first match of a block that stops there: sets of payloads that are under way report nothing more. */
  private isSettled = false;

  constructor(block: HttpBlock, run: TemplateRun, prefix: string) {
    this.block = block;
    this.run = run;
    this.prefix = prefix;
    this.steps = [...block.paths.map(path => ({ path })), ...block.raws.map(raw => ({ raw }))];
    const annotated = Math.max(0, ...block.raws.map(raw => raw.annotations.timeoutMs ?? 0));
    this.timeoutMs = annotated > 0 ? annotated : run.services.settings.timeoutMs * 3;
  }

  /** True when a request of the block matched. */
  async execute(): Promise<boolean> {
    const { payloads } = this.block;
    if (payloads === undefined) return (await this.sequence(new Map(), true, this.run.dynamic)).isMatched;
    const attack = this.run.services.settings.attack ?? payloads.attack;
    const { maxPayloadSets } = this.run.services.settings;
    const count = countPayloadSets(payloads, attack);
    if (count > maxPayloadSets)
      this.run.services.warn(
        `${this.run.template.id}: ${count} payload combinations, the first ${maxPayloadSets} are sent`,
      );
    return this.eachSet(payloadSets(payloads, attack), Math.min(count, maxPayloadSets));
  }

  private async eachSet(sets: Iterator<PayloadSet>, count: number): Promise<boolean> {
    const hasState =
      this.steps.length > 1 &&
      this.block.operators.extractors.some(extractor => extractor.isInternal && extractor.name !== '');
    const width = hasState
      ? 1
      : Math.min(this.block.threads || this.run.services.settings.payloadConcurrency, count);
    let isMatched = false;
    let isStopped = false;
    let started = 0;
    const worker = async (): Promise<void> => {
      while (!isStopped && started < count && this.run.services.signal?.aborted !== true) {
        const next = sets.next();
        if (next.done === true) return;
        const isFirst = started === 0;
        started += 1;
        const outcome = await this.sequence(next.value, isFirst, new Map(this.run.dynamic));
        isMatched ||= outcome.isMatched;
        if (outcome.isBroken || (outcome.isMatched && this.stopsAtMatch())) isStopped = true;
      }
    };
    await Promise.all(Array.from({ length: Math.max(width, 1) }, worker));
    return isMatched;
  }

  private stopsAtMatch(): boolean {
    return this.block.isStopAtFirstMatch || this.run.template.isStopAtFirstMatch;
  }

  /** All requests of the block with one set of payloads. */
  private async sequence(
    payloads: PayloadSet,
    isFirstSet: boolean,
    dynamic: Map<string, DslValue>,
  ): Promise<StepOutcome> {
    const history = new Map<string, DslValue>();
    let isMatched = false;
    for (const [index, step] of this.steps.entries()) {
      if (this.run.services.signal?.aborted === true) break;
      if ('raw' in step && step.raw.annotations.isOnce && !isFirstSet) continue;
      for (const values of this.iterations(dynamic)) {
        const outcome = await this.step(step, index + 1, payloads, values, dynamic, history);
        isMatched ||= outcome.isMatched;
        if (outcome.isBroken) return { isMatched, isBroken: true };
        if (outcome.isMatched && this.stopsAtMatch()) return { isMatched, isBroken: false };
      }
    }
    return { isMatched, isBroken: false };
  }

  /** The extracted values one request is sent with: all at once, or one after the other under `iterate-all`. */
  private *iterations(dynamic: ReadonlyMap<string, DslValue>): Generator<ReadonlyMap<string, DslValue>> {
    const lists = [...dynamic].filter((entry): entry is [string, readonly DslValue[]] =>
      Array.isArray(entry[1]),
    );
    if (!this.block.iteratesAll || lists.length === 0) {
      const firsts = lists.map(([name, list]): [string, DslValue] => [
        name,
        this.run.template.flow === undefined ? (list[0] ?? '') : list,
      ]);
      yield lists.length === 0 ? dynamic : new Map([...dynamic, ...firsts]);
      return;
    }
    const length = Math.min(Math.max(...lists.map(([, list]) => list.length)), MAX_ITERATIONS);
    for (let index = 0; index < length; index += 1) {
      yield new Map([
        ...dynamic,
        ...lists.map(([name, list]): [string, DslValue] => [
          name,
          list[Math.min(index, list.length - 1)] ?? '',
        ]),
      ]);
    }
  }

  private async step(
    step: Step,
    number: number,
    payloads: PayloadSet,
    values: ReadonlyMap<string, DslValue>,
    dynamic: Map<string, DslValue>,
    history: Map<string, DslValue>,
  ): Promise<StepOutcome> {
    const oastNames: OastName[] = [];
    const scopeOf = (): RequestScope => {
      oastNames.length = 0;
      const target =
        'path' in step
          ? this.run.targetVariables(step.path.trimsSlash, step.path.port)
          : this.run.targetVariables(false);
      return this.run.scope(payloads, target, values, oastNames);
    };
    await this.run.services.loop.turn();
    const { scope, request } = await this.rendered(step, scopeOf);
    if (request === undefined) return NOTHING;
    const dump =
      request.unsafeBytes ??
      `${request.requestLine}\r\n${request.headers.map(header => header.join(': ')).join('\r\n')}\r\n\r\n${request.body}`;
    const missing = this.block.skipsVariablesCheck ? undefined : unresolvedIn(dump);
    if (missing !== undefined) {
      this.run.services.counters.unresolved += 1;
      return { isMatched: false, isBroken: true };
    }
    let chain: readonly Exchange[];
    try {
      chain = await this.send(step, request, scope);
    } catch (error) {
      if (!(error instanceof RequestFailed) && this.run.services.signal?.aborted !== true) throw error;
      this.run.failures += 1;
      this.watch(oastNames, new Map(), scope, this.facts(request, dump, '', '', scope));
      return NOTHING;
    }
    return this.judge(chain, number, scope, dynamic, history, oastNames);
  }

  /** Renders a request, waiting where an expression has to. */
  private async rendered(
    step: Step,
    scopeOf: () => RequestScope,
  ): Promise<{ scope: RequestScope; request: BuiltRequest | undefined }> {
    const effects = new Map<string, DslValue>();
    for (let attempt = 0; ; attempt += 1) {
      try {
        const scope = Object.assign(scopeOf(), { effects });
        return { scope, request: this.build(step, scope) };
      } catch (error) {
        if (!(error instanceof Suspension) || attempt >= MAX_RENDER_WAITS) throw error;
        effects.set(error.key, await error.work(this.run.services));
      }
    }
  }

  private build(step: Step, scope: RequestScope): BuiltRequest | undefined {
    const { settings } = this.run.services;
    const target = this.run.template.isSelfContained ? undefined : this.run.target;
    if ('raw' in step) {
      return buildRawRequest({
        text: step.raw.text.render(scope),
        target,
        isUnsafe: this.block.isUnsafe,
        isAutomergeOff: this.block.isPathAutomergeOff,
        extraHeaders: settings.headers,
        userAgent: settings.userAgent,
      });
    }
    return buildPathRequest({
      method: this.block.method,
      url: step.path.text.render(scope),
      headers: this.block.headers.map(({ name, value }) => [name, value.render(scope)]),
      body: this.block.body?.render(scope) ?? '',
      target,
      extraHeaders: settings.headers,
      userAgent: settings.userAgent,
    });
  }

  private send(step: Step, request: BuiltRequest, scope: RequestScope): Promise<Exchange[]> {
    const { settings } = this.run.services;
    const annotations = 'raw' in step ? step.raw.annotations : undefined;
    const host = annotations?.host?.render(scope);
    const named =
      host === undefined
        ? undefined
        : parseTarget(/^https?:\/\//.test(host) ? host : `${request.target.scheme}://${host}`);
    const sni = annotations?.sni?.render(scope);
    const options: SendOptions = {
      redirects: settings.redirects ?? this.block.redirects,
      maxRedirects: this.block.maxRedirects || settings.maxRedirects,
      maxBody: this.block.maxSize ?? settings.maxBody,
      timeoutMs: this.timeoutMs,
      sni: sni === 'request.host' ? (hostOf(request) ?? request.target.host) : (sni ?? settings.sni),
      connectTo: named,
      jar: this.block.isCookieJarOff ? undefined : this.run.jar,
      isUnsafe: this.block.isUnsafe,
      digest: this.credentials(scope),
    };
    return this.sendShared(request, options);
  }

  /** What a digest challenge is answered with; nothing while a placeholder of it has no value. */
  private credentials(scope: RequestScope): SendOptions['digest'] {
    const { digest } = this.block;
    if (digest === undefined) return undefined;
    const [username, password] = [digest.username.render(scope), digest.password.render(scope)];
    return unresolvedIn(`${username} ${password}`) === undefined ? { username, password } : undefined;
  }

  /** Sends, or takes the answer that another template of the same job got to exactly this request. */
  private sendShared(request: BuiltRequest, options: SendOptions): Promise<Exchange[]> {
    const { services, jar, cache } = this.run;
    const isShareable =
      (request.method === 'GET' || request.method === 'HEAD') &&
      request.body === '' &&
      request.unsafeBytes === undefined &&
      options.digest === undefined &&
      options.connectTo === undefined;
    const path = (request.requestLine.split(' ')[1] ?? '/').split('?', 1)[0] ?? '/';
    const cookie =
      options.jar === undefined
        ? ''
        : jar.headerFor(request.target.host, path, request.target.scheme === 'https');
    if (!isShareable || cookie !== '') return exchange(request, options, services);
    const headers = request.headers.filter(
      ([name, value]) => name !== 'User-Agent' || !value.startsWith('Mozilla/5.0'),
    );
    const key = JSON.stringify([
      urlOfRequest(request),
      request.method,
      headers,
      options.redirects,
      options.maxRedirects,
      options.maxBody,
      options.timeoutMs,
      options.sni,
    ]);
    const known = cache.get(key);
    if (known !== undefined) return known.then(chain => this.keepCookies(chain, options));
    const sent = exchange(request, options, services);
    cache.set(key, sent);
    return sent;
  }

  private keepCookies(chain: Exchange[], options: SendOptions): Exchange[] {
    for (const { request, response } of chain) {
      options.jar?.store(
        response.headers,
        request.target.host,
        (request.requestLine.split(' ')[1] ?? '/').split('?', 1)[0] ?? '/',
      );
    }
    return chain;
  }

  private async judge(
    chain: readonly Exchange[],
    number: number,
    scope: RequestScope,
    dynamic: Map<string, DslValue>,
    history: Map<string, DslValue>,
    oastNames: readonly OastName[],
  ): Promise<StepOutcome> {
    let isMatched = false;
    for (let index = chain.length - 1; index >= 0; index -= 1) {
      const item = chain[index];
      if (item === undefined) continue;
      const isFinal = index === chain.length - 1;
      const values = this.valuesOf(item, isFinal, oastNames);
      if (this.block.operators.needsHistory && isFinal) {
        for (const [name, value] of values) history.set(`${name}_${number}`, value);
        for (const name of oastNames) history.set(`interactsh_id_${number}`, name.id);
      }
      const merged = this.block.operators.needsHistory ? new Map([...history, ...values]) : values;
      const data = new EventData(merged, name => dynamic.get(name) ?? scope.get(name));
      if (isFinal) this.run.export(this.prefix, values);
      await this.run.services.loop.turn();
      const verdict = await operate(this.block.operators, data, this.run.services);
      this.learn(verdict.internal, dynamic);
      // Most events match nothing and need no facts.
      const facts = (): EventFacts =>
        this.facts(item.request, item.sent, String(values.get('response') ?? ''), item.response.ip, scope);
      if (isFinal && oastNames.length > 0) this.watch(oastNames, merged, scope, facts());
      if (this.isSettled) break;
      isMatched = this.run.report(verdict, facts) || isMatched;
      if (isMatched && this.stopsAtMatch()) this.isSettled = true;
      if (isMatched && this.stopsAtMatch()) break;
    }
    return { isMatched, isBroken: false };
  }

  private learn(internal: ReadonlyMap<string, readonly string[]>, dynamic: Map<string, DslValue>): void {
    if (internal.size === 0) return;
    this.run.remember(internal);
    for (const [name, list] of internal) dynamic.set(name, list.length === 1 ? (list[0] ?? '') : list);
  }

  private valuesOf(item: Exchange, isFinal: boolean, oastNames: readonly OastName[]): Map<string, DslValue> {
    const values = isFinal ? responseValues(item.response) : valuesWithBody(item.response, '');
    const { target } = this.run;
    values.set('host', target === undefined ? hostnameOf(item.request.target) : target.input);
    values.set('matched', item.url);
    values.set('request', item.sent);
    values.set('type', 'http');
    values.set('template-id', this.run.template.id);
    for (const name of oastNames) {
      values.set(name.marker, name.url);
      values.set(name.marker.replace('url', 'id'), name.id);
    }
    return values;
  }

  private facts(
    request: BuiltRequest,
    sent: string,
    response: string,
    ip: string,
    scope: RequestScope,
  ): EventFacts {
    return {
      type: 'http',
      matchedAt: shownUrlOf(request),
      request: sent,
      response,
      ip,
      target: this.run.target ?? request.target,
      path: (request.requestLine.split(' ')[1] ?? '').split('?', 1)[0] ?? '',
      ...(request.unsafeBytes === undefined ? { curl: curlOf(request) } : {}),
      payloads: scope.payloadValues(),
    };
  }

  /** Runs the operators again when an out-of-band name of this request is asked for. */
  private watch(
    names: readonly OastName[],
    values: ReadonlyMap<string, DslValue>,
    scope: RequestScope,
    facts: EventFacts,
  ): void {
    const { oast } = this.run.services;
    if (oast === undefined || names.length === 0) return;
    let isReported = false;
    oast.watch(
      names.map(name => name.id),
      async interaction => {
        if (isReported) return;
        const merged = new Map(values);
        const request = interaction['raw-request'] ?? '';
        merged.set('interactsh_protocol', interaction.protocol);
        merged.set('interactsh_request', interaction.protocol === 'dns' ? request.toLowerCase() : request);
        merged.set('interactsh_response', interaction['raw-response'] ?? '');
        merged.set('interactsh_ip', interaction['remote-address'] ?? '');
        const data = new EventData(merged, scope.get);
        const verdict = await operate(this.block.operators, data, this.run.services);
        isReported = this.run.report(verdict, facts, interaction);
      },
    );
  }
}

function hostOf(request: BuiltRequest): string | undefined {
  const host = request.headers.find(([name]) => name.toLowerCase() === 'host')?.[1];
  return host === undefined ? undefined : parseTarget(`http://${host}`)?.host;
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function curlOf(request: BuiltRequest): string {
  const headers = request.headers.filter(
    ([name]) => !['host', 'content-length', 'accept-encoding'].includes(name.toLowerCase()),
  );
  const parts = headers.map(([name, value]) => `-H ${quoted(`${name}: ${value}`)}`).join(' ');
  return `curl -X ${quoted(request.method)} -d ${quoted(request.body.slice(0, 4096))} ${parts} ${quoted(urlOfRequest(request))}`;
}
