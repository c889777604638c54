import { parse } from 'acorn';
import type * as acorn from 'acorn';
import type { DslValue } from '../dsl/values.ts';
import { TemplateError, UnsupportedError, messageOf } from '../errors.ts';
import { FlowInterpreter } from './flow-interpreter.ts';
import { flowText, fromPlain, hostFunction, isTruthy, toPlain } from './flow-values.ts';
import type { FlowValue } from './flow-values.ts';

/** What a flow can do to the template it belongs to. */
export interface FlowHost {
  /** Runs blocks of a protocol: `names` are 1-based numbers or ids, none = all. True when one matched. */
  readonly request: (protocol: string, names: readonly string[]) => Promise<boolean>;
  /** Sets a variable for the following requests. */
  readonly set: (name: string, value: DslValue) => void;
  /** All values of the template so far. */
  readonly values: () => ReadonlyMap<string, DslValue>;
}

const PROTOCOLS = ['http', 'dns', 'tcp', 'network', 'ssl', 'websocket', 'file'] as const;
const REFUSED = new Set(['code', 'headless', 'javascript', 'whois']);
const GLOBALS = new Set([
  ...PROTOCOLS, 'set', 'template', 'iterate', 'Dedupe', 'log', 'console', 'JSON', 'parseInt', 'parseFloat', 'String', 'Number', 'Boolean', 'Object', 'Array', 'undefined',
]); // prettier-ignore
const NODES = new Set([
  'Program', 'ExpressionStatement', 'VariableDeclaration', 'VariableDeclarator', 'FunctionDeclaration', 'BlockStatement', 'IfStatement', 'ReturnStatement',
  'BreakStatement', 'ContinueStatement', 'EmptyStatement', 'ForOfStatement', 'ForInStatement', 'ForStatement', 'WhileStatement', 'DoWhileStatement',
  'Literal', 'Identifier', 'TemplateLiteral', 'TemplateElement', 'ArrayExpression', 'ObjectExpression', 'Property', 'ArrowFunctionExpression',
  'FunctionExpression', 'MemberExpression', 'CallExpression', 'NewExpression', 'LogicalExpression', 'BinaryExpression', 'ConditionalExpression',
  'UnaryExpression', 'UpdateExpression', 'AssignmentExpression', 'SequenceExpression', 'SpreadElement', 'ParenthesizedExpression',
]); // prettier-ignore
const MAX_FLOW = 20_000;

const programs = new Map<string, acorn.Program>();

function parseFlow(source: string): acorn.Program {
  const known = programs.get(source);
  if (known !== undefined) return known;
  const program = parse(source, { ecmaVersion: 2023, allowReturnOutsideFunction: true });
  if (programs.size > 5_000) programs.clear();
  programs.set(source, program);
  return program;
}

function isNode(value: unknown): value is { type: string } & Record<string, unknown> {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
}

/** Visits every node with the property it stands in. */
function walk(node: unknown, visit: (node: { type: string } & Record<string, unknown>) => void): void {
  if (Array.isArray(node)) for (const item of node) walk(item, visit);
  else if (isNode(node)) {
    visit(node);
    for (const [key, value] of Object.entries(node))
      if (typeof value === 'object' && key !== 'parent') walk(value, visit);
  }
}

/** Throws when a flow uses something outside the supported part of JavaScript, naming it. */
export function checkFlow(source: string): void {
  if (source.length > MAX_FLOW) throw new TemplateError(`flow is longer than ${MAX_FLOW} characters`);
  let program: acorn.Program;
  try {
    program = parseFlow(source);
  } catch (error) {
    throw new TemplateError(`flow is not valid JavaScript: ${messageOf(error)}`);
  }
  const declared = new Set<string>();
  const called: string[] = [];
  walk(program, node => {
    if (!NODES.has(node.type)) throw new UnsupportedError('flow', node.type);
    if (node.type === 'Literal' && 'regex' in node) throw new UnsupportedError('flow', 'regular expression');
    if (node.type === 'VariableDeclarator' && isNode(node['id'])) declared.add(String(node['id']['name']));
    const params: unknown = node['params'];
    if (Array.isArray(params))
      for (const item of params) if (isNode(item)) declared.add(String(item['name']));
    if (node.type === 'FunctionDeclaration' && isNode(node['id'])) declared.add(String(node['id']['name']));
    if (node.type === 'AssignmentExpression' && isNode(node['left']) && node['left'].type === 'Identifier')
      declared.add(String(node['left']['name']));
    const callee =
      node.type === 'CallExpression' || node.type === 'NewExpression' ? node['callee'] : undefined;
    if (isNode(callee) && callee.type === 'Identifier') called.push(String(callee['name']));
  });
  const refused = called.find(name => REFUSED.has(name));
  if (refused !== undefined) throw new UnsupportedError(refused, 'in flow');
  const unknown = called.find(name => !declared.has(name) && !GLOBALS.has(name));
  if (unknown !== undefined) throw new UnsupportedError('flow', `function ${unknown}`);
}

function toDsl(value: FlowValue): DslValue {
  if (Array.isArray(value)) return value.map(toDsl);
  if (value === undefined || value === null) return '';
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value;
  return JSON.stringify(toPlain(value)) ?? '';
}

/** All values of lists, maps and scalars, one after the other, without empty ones. */
function iterated(args: readonly FlowValue[]): FlowValue[] {
  return args.flatMap((value): FlowValue[] => {
    if (Array.isArray(value)) return iterated(value);
    if (value instanceof Map) return [...value].map(([key, item]) => new Map<string, FlowValue>([['key', key], ['value', item]])); // prettier-ignore
    return value === undefined || value === null || value === '' ? [] : [value];
  });
}

function dedupe(): FlowValue {
  const seen = new Map<string, FlowValue>();
  return new Map<string, FlowValue>([
    ['Add', hostFunction((...items) => {
      for (const item of iterated(items)) seen.set(JSON.stringify(toPlain(item)) ?? '', item);
      return undefined;
    })],
    ['Values', hostFunction(() => [...seen.values()])],
  ]); // prettier-ignore
}

function parseJson(text: FlowValue): FlowValue {
  try {
    return fromPlain(JSON.parse(flowText(text)));
  } catch {
    return undefined;
  }
}

function globalsOf(host: FlowHost, values: Map<string, FlowValue>): Map<string, FlowValue> {
  const refresh = (): void => {
    for (const [name, value] of host.values()) values.set(name, fromPlain(value));
  };
  refresh();
  const namespace = (entries: Readonly<Record<string, (...args: FlowValue[]) => FlowValue>>): FlowValue =>
    new Map(Object.entries(entries).map(([name, work]) => [name, hostFunction(work)]));
  const globals = new Map<string, FlowValue>([
    ['template', values],
    ['set', hostFunction((name, value) => { host.set(flowText(name), toDsl(value)); refresh(); return undefined; })],
    ['iterate', hostFunction((...args) => iterated(args))],
    ['Dedupe', hostFunction(dedupe)],
    ['log', hostFunction(value => value)],
    ['console', namespace({ log: () => undefined })],
    ['JSON', namespace({ parse: parseJson, stringify: value => JSON.stringify(toPlain(value)) })],
    ['parseInt', hostFunction((text, base) => Number.parseInt(flowText(text), base === undefined ? 10 : Number(base)))],
    ['parseFloat', hostFunction(text => Number.parseFloat(flowText(text)))],
    ['String', hostFunction(flowText)],
    ['Number', hostFunction(value => Number(flowText(value)))],
    ['Boolean', hostFunction(isTruthy)],
    ['Array', namespace({ isArray: Array.isArray })],
    ['Object', namespace({
      keys: value => (value instanceof Map ? [...value.keys()] : []),
      values: value => (value instanceof Map ? [...value.values()] : []),
    })],
  ]); // prettier-ignore
  for (const protocol of PROTOCOLS) {
    const request = async (...names: FlowValue[]): Promise<FlowValue> => {
      const isMatched = await host.request(protocol === 'network' ? 'tcp' : protocol, names.map(flowText));
      refresh();
      return isMatched;
    };
    globals.set(protocol, hostFunction(request));
  }
  return globals;
}

/** Runs a checked flow. Throws FlowError when the script itself fails. */
export async function runFlow(source: string, host: FlowHost): Promise<void> {
  const interpreter = new FlowInterpreter(globalsOf(host, new Map()));
  await interpreter.run(parseFlow(source));
}
