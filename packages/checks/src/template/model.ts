import type { Expression, TextTemplate } from '../dsl/compile.ts';
import type { ByteRegex } from '../match/regex.ts';
import type { JqProgram } from '../match/jq.ts';
import type { XPathQuery } from '../match/xpath.ts';

/** Severities, mildest first; `unknown` when the template states none. */
export const SEVERITIES = ['info', 'low', 'medium', 'high', 'critical', 'unknown'] as const;
/** A severity. */
export type Severity = (typeof SEVERITIES)[number];

/** A plain JSON value, as `info.metadata` may hold. */
export type JsonValue = string | number | boolean | null | JsonValue[] | { [key: string]: JsonValue };

/** What a template says about itself. */
export interface TemplateInfo {
  readonly name: string;
  readonly author: readonly string[];
  readonly severity: Severity;
  readonly tags: readonly string[];
  readonly description?: string;
  readonly impact?: string;
  readonly remediation?: string;
  readonly reference: readonly string[];
  readonly metadata?: Readonly<Record<string, JsonValue>>;
  readonly classification?: Readonly<Record<string, JsonValue>>;
}

/** How several conditions join. */
export type Join = 'and' | 'or';

interface MatcherBase {
  readonly name: string;
  readonly join: Join;
  readonly isNegative: boolean;
  readonly isInternal: boolean;
  readonly isMatchAll: boolean;
  readonly part: string;
}
/** One matcher, by type. Words are rendered per event; hex words and binaries are decoded already. */
export type Matcher = MatcherBase &
  (
    | { readonly type: 'word'; readonly words: readonly TextTemplate[]; readonly isCaseInsensitive: boolean }
    | { readonly type: 'regex'; readonly regexes: readonly ByteRegex[] }
    | { readonly type: 'binary'; readonly binaries: readonly string[] }
    | { readonly type: 'status'; readonly statuses: readonly number[] }
    | { readonly type: 'size'; readonly sizes: readonly number[] }
    | { readonly type: 'dsl'; readonly expressions: readonly LazyExpression[] }
    | { readonly type: 'xpath'; readonly queries: readonly XPathQuery[] }
  );

/** An expression compiled when it is first needed. */
export interface LazyExpression {
  readonly source: string;
  readonly get: () => Expression;
}

interface ExtractorBase {
  readonly name: string;
  readonly part: string;
  readonly isInternal: boolean;
  readonly isCaseInsensitive: boolean;
}
/** One extractor, by type. */
export type Extractor = ExtractorBase &
  (
    | { readonly type: 'regex'; readonly regexes: readonly ByteRegex[]; readonly group: number }
    | { readonly type: 'kval'; readonly keys: readonly string[] }
    | { readonly type: 'json'; readonly programs: readonly JqProgram[] }
    | { readonly type: 'xpath'; readonly queries: readonly XPathQuery[]; readonly attribute: string }
    | { readonly type: 'dsl'; readonly expressions: readonly LazyExpression[] }
  );

/** Matchers and extractors of a block. */
export interface Operators {
  readonly matchers: readonly Matcher[];
  readonly join: Join;
  /** True when `matchers-condition` held a word that is neither `and` nor `or`: then results carry no matcher name. */
  readonly isNameless: boolean;
  readonly extractors: readonly Extractor[];
  /** True when a part or expression reads a numbered key such as `body_2`. */
  readonly needsHistory: boolean;
}

/** How payload lists combine. */
export type Attack = 'batteringram' | 'pitchfork' | 'clusterbomb';
/** Payload lists of a block; a list from a file is read when the template is loaded. */
export interface Payloads {
  readonly attack: Attack;
  readonly lists: readonly { readonly name: string; readonly values: readonly TextTemplate[] }[];
}

interface BlockBase {
  /** Given id, '' when there is none. */
  readonly id: string;
  readonly operators: Operators;
  readonly payloads: Payloads | undefined;
}

/** Annotations above a raw request. */
export interface RawAnnotations {
  readonly timeoutMs?: number;
  readonly host?: TextTemplate;
  readonly sni?: TextTemplate;
  readonly isOnce: boolean;
}
/** A request written out. */
export interface RawRequest {
  readonly text: TextTemplate;
  readonly annotations: RawAnnotations;
}

/** A path of a request, e.g. `{{BaseURL}}/login`. */
export interface RequestPath {
  readonly text: TextTemplate;
  /** Port that replaces the target's, from `{{BaseURL}}:8080/…`. */
  readonly port: number | undefined;
  /** True when one trailing slash of the target's path is dropped, as before `{{BaseURL}}/…`. */
  readonly trimsSlash: boolean;
}

/** An HTTP block. */
export interface HttpBlock extends BlockBase {
  readonly protocol: 'http';
  readonly method: string;
  readonly paths: readonly RequestPath[];
  readonly raws: readonly RawRequest[];
  readonly headers: readonly { readonly name: string; readonly value: TextTemplate }[];
  readonly body: TextTemplate | undefined;
  readonly redirects: 'none' | 'any' | 'host';
  /** 0 = the scan's default. */
  readonly maxRedirects: number;
  /** Bytes of body read; undefined = the scan's default. */
  readonly maxSize: number | undefined;
  /** Name and password with which a digest challenge is answered. */
  readonly digest: { readonly username: TextTemplate; readonly password: TextTemplate } | undefined;
  readonly isUnsafe: boolean;
  readonly isCookieJarOff: boolean;
  readonly isStopAtFirstMatch: boolean;
  readonly skipsVariablesCheck: boolean;
  readonly iteratesAll: boolean;
  readonly isPathAutomergeOff: boolean;
  readonly threads: number;
}

/** A DNS block. */
export interface DnsBlock extends BlockBase {
  readonly protocol: 'dns';
  readonly name: TextTemplate;
  readonly type: string;
  readonly class: string;
  readonly retries: number;
  readonly isRecursive: boolean;
  readonly resolvers: readonly TextTemplate[];
}

/** One thing to send over TCP or WebSocket. */
export interface StreamInput {
  readonly data: TextTemplate;
  readonly isHex: boolean;
  /** Bytes to read behind it; 0 = none now. */
  readonly read: number;
  readonly name: string;
}
/** A TCP block. */
export interface TcpBlock extends BlockBase {
  readonly protocol: 'tcp';
  readonly hosts: readonly TextTemplate[];
  readonly ports: readonly string[];
  readonly excludedPorts: readonly string[];
  readonly inputs: readonly StreamInput[];
  readonly readSize: number;
  readonly readsAll: boolean;
  readonly isStopAtFirstMatch: boolean;
}
/** A TLS block. */
export interface SslBlock extends BlockBase {
  readonly protocol: 'ssl';
  readonly address: TextTemplate;
  readonly minVersion: string;
  readonly maxVersion: string;
  readonly ciphers: readonly string[];
  /** What else is asked for with hellos of their own. */
  readonly enumeration: 'none' | 'versions' | 'suites';
  /** Strengths of suites that an enumeration lists; all when empty. */
  readonly strengths: readonly string[];
}
/** A WebSocket block. */
export interface WebsocketBlock extends BlockBase {
  readonly protocol: 'websocket';
  readonly address: TextTemplate;
  readonly headers: readonly { readonly name: string; readonly value: TextTemplate }[];
  readonly inputs: readonly StreamInput[];
}
/** A block that searches local files. */
export interface FileBlock extends BlockBase {
  readonly protocol: 'file';
  readonly extensions: readonly string[];
  readonly denied: readonly string[];
  readonly maxSize: number;
  readonly isRecursionOff: boolean;
}
/** Any block. */
export type Block = HttpBlock | DnsBlock | TcpBlock | SslBlock | WebsocketBlock | FileBlock;
/** Protocol of a block. */
export type Protocol = Block['protocol'];

/** A step of a workflow: templates by path or tag, and what follows when they match. */
export interface WorkflowStep {
  readonly template: string;
  readonly tags: readonly string[];
  readonly matchers: readonly {
    readonly names: readonly string[];
    readonly join: Join;
    readonly steps: readonly WorkflowStep[];
  }[];
  readonly steps: readonly WorkflowStep[];
}

/** One variable of a template, in the order written. */
export interface Variable {
  readonly name: string;
  readonly value: TextTemplate | readonly TextTemplate[];
}

/** A loaded template: everything in it is supported. */
export interface Template {
  readonly id: string;
  /** Where it was read from. */
  readonly path: string;
  readonly info: TemplateInfo;
  readonly variables: readonly Variable[];
  readonly constants: readonly Variable[];
  readonly blocks: readonly Block[];
  readonly flow: string | undefined;
  readonly workflow: readonly WorkflowStep[];
  readonly isSelfContained: boolean;
  readonly isStopAtFirstMatch: boolean;
  /** True when it needs an out-of-band server. */
  readonly needsOast: boolean;
}
