import type * as acorn from 'acorn';
import {
  FlowError,
  flowText,
  hostFunction,
  isFunction,
  isTruthy,
  memberOf,
  setMember,
} from './flow-values.ts';
import type { FlowFunction, FlowValue } from './flow-values.ts';

type Node = acorn.AnyNode;
type Jump = { readonly kind: 'break' | 'continue' } | { readonly kind: 'return'; readonly value: FlowValue };

const MAX_STEPS = 200_000;
const MAX_CALLS = 60;
const MAX_TEXT = 4_000_000;

/** Names of one block of the script. */
class Scope {
  private readonly values = new Map<string, FlowValue>();
  private readonly parent: Scope | undefined;

  constructor(parent: Scope | undefined) {
    this.parent = parent;
  }

  declare(name: string, value: FlowValue): void {
    this.values.set(name, value);
  }

  get(name: string): FlowValue {
    if (this.values.has(name)) return this.values.get(name);
    if (this.parent === undefined) throw new FlowError(`${name} is not defined`);
    return this.parent.get(name);
  }

  set(name: string, value: FlowValue): void {
    if (this.values.has(name) || this.parent === undefined) this.values.set(name, value);
    else this.parent.set(name, value);
  }
}

function joined(left: string, right: string): string {
  if (left.length + right.length > MAX_TEXT) throw new FlowError('a text grows too long');
  return left + right;
}

function arithmetic(operator: string, left: FlowValue, right: FlowValue): FlowValue {
  const number = (value: FlowValue): number =>
    typeof value === 'number' ? value : Number(value === null ? 0 : flowText(value));
  switch (operator) {
    case '+':
      if (typeof left === 'number' && typeof right === 'number') return left + right;
      return joined(flowText(left), flowText(right));
    case '-':
      return number(left) - number(right);
    case '*':
      return number(left) * number(right);
    case '/':
      return number(left) / number(right);
    case '%':
      return number(left) % number(right);
    case '===':
      return left === right;
    case '!==':
      return left !== right;
    case '==':
      return (
        left === right ||
        ((left ?? null) === null ? (right ?? null) === null : flowText(left) === flowText(right))
      );
    case '!=':
      return !isTruthy(arithmetic('==', left, right));
    default:
      return ordered(operator, left, right, number);
  }
}

function ordered(
  operator: string,
  left: FlowValue,
  right: FlowValue,
  number: (value: FlowValue) => number,
): boolean {
  const [a, b] =
    typeof left === 'string' && typeof right === 'string' ? [left, right] : [number(left), number(right)];
  if (operator === '<') return a < b;
  if (operator === '<=') return a <= b;
  if (operator === '>') return a > b;
  if (operator === '>=') return a >= b;
  throw new FlowError(`the operator ${operator} is not supported`);
}

function iterableOf(value: FlowValue): readonly FlowValue[] {
  if (Array.isArray(value)) return value;
  if (typeof value === 'string') return [...value];
  if (value instanceof Map) return [...value.values()];
  if (value === undefined || value === null) throw new FlowError('the value cannot be iterated');
  return [];
}

/** Runs the small part of JavaScript that flows are written in: no prototypes, no host objects, bounded steps. */
export class FlowInterpreter {
  private steps = 0;
  private calls = 0;
  private readonly globals = new Scope(undefined);

  constructor(globals: ReadonlyMap<string, FlowValue>) {
    for (const [name, value] of globals) this.globals.declare(name, value);
  }

  /** Runs a program and gives the value of its last expression. */
  async run(program: acorn.Program): Promise<FlowValue> {
    const scope = new Scope(this.globals);
    let last: FlowValue;
    for (const statement of program.body) {
      if (statement.type === 'ExpressionStatement') last = await this.evaluate(statement.expression, scope);
      else {
        const jump = await this.execute(statement, scope);
        if (jump?.kind === 'return') return jump.value;
      }
    }
    return last;
  }

  private step(): void {
    this.steps += 1;
    if (this.steps > MAX_STEPS) throw new FlowError(`the flow takes more than ${MAX_STEPS} steps`);
  }

  private async block(statements: readonly Node[], scope: Scope): Promise<Jump | undefined> {
    for (const statement of statements) {
      const jump = await this.execute(statement, scope);
      if (jump !== undefined) return jump;
    }
    return undefined;
  }

  private async execute(node: Node, scope: Scope): Promise<Jump | undefined> {
    this.step();
    switch (node.type) {
      case 'ExpressionStatement':
        await this.evaluate(node.expression, scope);
        return undefined;
      case 'VariableDeclaration':
        for (const item of node.declarations) {
          const value =
            item.init === null || item.init === undefined ? undefined : await this.evaluate(item.init, scope);
          scope.declare(nameOf(item.id), value);
        }
        return undefined;
      case 'FunctionDeclaration':
        scope.declare(nameOf(node.id), this.closure(node.params, node.body, scope));
        return undefined;
      case 'BlockStatement':
        return this.block(node.body, new Scope(scope));
      case 'IfStatement':
        if (isTruthy(await this.evaluate(node.test, scope))) return this.execute(node.consequent, scope);
        return node.alternate === null || node.alternate === undefined
          ? undefined
          : this.execute(node.alternate, scope);
      case 'ReturnStatement':
        return {
          kind: 'return',
          value:
            node.argument === null || node.argument === undefined
              ? undefined
              : await this.evaluate(node.argument, scope),
        };
      case 'BreakStatement':
        return { kind: 'break' };
      case 'ContinueStatement':
        return { kind: 'continue' };
      case 'EmptyStatement':
        return undefined;
      default:
        return this.loop(node, scope);
    }
  }

  private async loop(node: Node, outer: Scope): Promise<Jump | undefined> {
    const scope = new Scope(outer);
    switch (node.type) {
      case 'ForOfStatement':
      case 'ForInStatement': {
        const subject = await this.evaluate(node.right, scope);
        const keys =
          subject instanceof Map
            ? [...subject.keys()]
            : Array.isArray(subject)
              ? [...subject.keys()].map(String)
              : [];
        const items = node.type === 'ForOfStatement' ? iterableOf(subject) : keys;
        const name =
          node.left.type === 'VariableDeclaration'
            ? nameOf(node.left.declarations[0]?.id)
            : nameOf(node.left);
        for (const item of items) {
          const inner = new Scope(scope);
          inner.declare(name, item);
          const jump = await this.execute(node.body, inner);
          if (jump?.kind === 'return') return jump;
          if (jump?.kind === 'break') break;
        }
        return undefined;
      }
      case 'ForStatement':
        if (node.init?.type === 'VariableDeclaration') await this.execute(node.init, scope);
        else if (node.init !== null && node.init !== undefined) await this.evaluate(node.init, scope);
        return this.repeat(node.test ?? undefined, node.body, node.update ?? undefined, scope, true);
      case 'WhileStatement':
        return this.repeat(node.test, node.body, undefined, scope, true);
      case 'DoWhileStatement':
        return this.repeat(node.test, node.body, undefined, scope, false);
      default:
        throw new FlowError(`${node.type} is not supported`);
    }
  }

  private async repeat(
    test: Node | undefined,
    body: Node,
    update: Node | undefined,
    scope: Scope,
    isTestedFirst: boolean,
  ): Promise<Jump | undefined> {
    for (let isFirst = true; ; isFirst = false) {
      const isTested = test !== undefined && (isTestedFirst || !isFirst);
      if (isTested && !isTruthy(await this.evaluate(test, scope))) return undefined;
      const jump = await this.execute(body, scope);
      if (jump?.kind === 'return') return jump;
      if (jump?.kind === 'break') return undefined;
      if (update !== undefined) await this.evaluate(update, scope);
    }
  }

  private closure(params: readonly Node[], body: Node, scope: Scope): FlowFunction {
    const names = params.map(nameOf);
    return {
      call: async args => {
        this.calls += 1;
        if (this.calls > MAX_CALLS) throw new FlowError('functions are nested too deeply');
        const inner = new Scope(scope);
        names.forEach((name, index) => inner.declare(name, args[index]));
        try {
          if (body.type !== 'BlockStatement') return await this.evaluate(body, inner);
          const jump = await this.block(body.body, inner);
          return jump?.kind === 'return' ? jump.value : undefined;
        } finally {
          this.calls -= 1;
        }
      },
    };
  }

  private async evaluate(node: Node, scope: Scope): Promise<FlowValue> {
    this.step();
    switch (node.type) {
      case 'Literal': {
        const { value } = node;
        return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
          ? value
          : null;
      }
      case 'Identifier':
        return node.name === 'undefined' ? undefined : scope.get(node.name);
      case 'TemplateLiteral': {
        let text = '';
        for (const [index, quasi] of node.quasis.entries()) {
          const expression = node.expressions[index];
          text += quasi.value.cooked ?? '';
          if (expression !== undefined) text += flowText(await this.evaluate(expression, scope));
        }
        return text;
      }
      case 'ArrayExpression':
        return this.list(node.elements, scope);
      case 'ObjectExpression':
        return this.object(node, scope);
      case 'ArrowFunctionExpression':
      case 'FunctionExpression':
        return this.closure(node.params, node.body, scope);
      case 'MemberExpression':
        return memberOf(await this.evaluate(node.object, scope), await this.key(node, scope));
      case 'CallExpression':
        return this.call(node, scope);
      case 'NewExpression': {
        const made = await this.evaluate(node.callee, scope);
        if (!isFunction(made)) throw new FlowError('only a class can follow new');
        return made.call(await this.list(node.arguments, scope));
      }
      default:
        return this.operation(node, scope);
    }
  }

  private async operation(node: Node, scope: Scope): Promise<FlowValue> {
    switch (node.type) {
      case 'LogicalExpression': {
        const left = await this.evaluate(node.left, scope);
        if (node.operator === '&&') return isTruthy(left) ? this.evaluate(node.right, scope) : left;
        if (node.operator === '||') return isTruthy(left) ? left : this.evaluate(node.right, scope);
        return left ?? this.evaluate(node.right, scope);
      }
      case 'BinaryExpression':
        return arithmetic(
          node.operator,
          await this.evaluate(node.left, scope),
          await this.evaluate(node.right, scope),
        );
      case 'ConditionalExpression':
        return this.evaluate(
          isTruthy(await this.evaluate(node.test, scope)) ? node.consequent : node.alternate,
          scope,
        );
      case 'UnaryExpression':
        return this.unary(node.operator, await this.evaluate(node.argument, scope));
      case 'UpdateExpression': {
        const before = Number(flowText(await this.evaluate(node.argument, scope)));
        const after = node.operator === '++' ? before + 1 : before - 1;
        await this.assign(node.argument, after, scope);
        return node.prefix ? after : before;
      }
      case 'AssignmentExpression': {
        const right = await this.evaluate(node.right, scope);
        const operator = node.operator.slice(0, -1);
        const value =
          operator === '' ? right : arithmetic(operator, await this.evaluate(node.left, scope), right);
        await this.assign(node.left, value, scope);
        return value;
      }
      case 'SequenceExpression': {
        let last: FlowValue;
        for (const item of node.expressions) last = await this.evaluate(item, scope);
        return last;
      }
      default:
        throw new FlowError(`${node.type} is not supported`);
    }
  }

  private unary(operator: string, value: FlowValue): FlowValue {
    if (operator === '!') return !isTruthy(value);
    if (operator === '-') return -Number(flowText(value));
    if (operator === '+') return Number(flowText(value));
    if (operator === 'typeof') return isFunction(value) ? 'function' : typeof value;
    throw new FlowError(`the operator ${operator} is not supported`);
  }

  private async assign(target: Node, value: FlowValue, scope: Scope): Promise<void> {
    if (target.type === 'MemberExpression') {
      setMember(await this.evaluate(target.object, scope), await this.key(target, scope), value);
    } else scope.set(nameOf(target), value);
  }

  private async key(node: acorn.MemberExpression, scope: Scope): Promise<FlowValue> {
    return node.computed ? this.evaluate(node.property, scope) : nameOf(node.property);
  }

  private async list(nodes: readonly (Node | null)[], scope: Scope): Promise<FlowValue[]> {
    const items: FlowValue[] = [];
    for (const node of nodes) {
      if (node === null) items.push(undefined);
      else if (node.type === 'SpreadElement')
        items.push(...iterableOf(await this.evaluate(node.argument, scope)));
      else items.push(await this.evaluate(node, scope));
    }
    return items;
  }

  private async object(node: acorn.ObjectExpression, scope: Scope): Promise<FlowValue> {
    const map = new Map<string, FlowValue>();
    for (const property of node.properties) {
      if (property.type !== 'Property') throw new FlowError('spread in an object is not supported');
      const key =
        property.key.type === 'Literal'
          ? String(property.key.value)
          : property.computed
            ? flowText(await this.evaluate(property.key, scope))
            : nameOf(property.key);
      map.set(key, await this.evaluate(property.value, scope));
    }
    return map;
  }

  private async call(node: acorn.CallExpression, scope: Scope): Promise<FlowValue> {
    const callee = await this.evaluate(node.callee, scope);
    if (!isFunction(callee)) throw new FlowError('a value that is no function is called');
    return callee.call(await this.list(node.arguments, scope));
  }
}

function nameOf(node: Node | null | undefined): string {
  if (node?.type === 'Identifier') return node.name;
  throw new FlowError('only plain names are supported here');
}

export { hostFunction };
