import type { Chunk, Node } from 'luaparse';

/** How a piece of Lua uses names. */
export interface LuaNames {
  /** Names that it does not declare. */
  readonly globals: ReadonlySet<string>;
  /** Names of locals, parameters and loops. */
  readonly declared: readonly string[];
  /** Globals that are written. */
  readonly assigned: readonly string[];
  /** Declared names that are read nowhere in their scope; `_` stands for one that is not wanted. */
  readonly unused: readonly string[];
  /** KEYS and ARGV by a number, or all of them at once. */
  readonly numbered: readonly string[];
  readonly functions: readonly { name: string; lines: number }[];
}

interface Local {
  readonly name: string;
  isRead: boolean;
}

/** Reads a tree of Lua 5.1 by the scopes of its names. */
export function readNames(chunk: Chunk): LuaNames {
  const reader = new Reader();
  reader.block(chunk.body);
  return reader;
}

class Reader implements LuaNames {
  readonly globals = new Set<string>();
  readonly declared: string[] = [];
  readonly assigned: string[] = [];
  readonly unused: string[] = [];
  readonly numbered: string[] = [];
  readonly functions: { name: string; lines: number }[] = [];
  readonly #scopes: Local[][] = [];

  block(body: readonly Node[], names: readonly string[] = [], last?: Node): void {
    this.#scopes.push([]);
    this.#declare(names);
    this.#visitAll(body);
    if (last !== undefined) this.#visit(last);
    const ended = this.#scopes.pop() ?? [];
    this.unused.push(...ended.filter(({ name, isRead }) => !isRead && name !== '_').map(({ name }) => name));
  }

  #declare(names: readonly string[]): void {
    this.declared.push(...names);
    this.#scopes.at(-1)?.push(...names.map((name) => ({ name, isRead: false })));
  }

  #find(name: string): Local | undefined {
    for (const scope of this.#scopes.toReversed()) {
      const found = scope.findLast((local) => local.name === name);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  #visit(node: Node): void {
    if (node.type === 'Identifier') this.#read(node.name);
    else if (node.type === 'LocalStatement') {
      this.#visitAll(node.init);
      this.#declare(node.variables.map(({ name }) => name));
    } else if (node.type === 'AssignmentStatement') {
      this.#visitAll(node.init);
      for (const target of node.variables) this.#assign(target);
    } else if (node.type === 'FunctionDeclaration') this.#function(node);
    else if (node.type === 'ForNumericStatement') {
      this.#visitAll([node.start, node.end, ...(node.step ? [node.step] : [])]);
      this.block(node.body, [node.variable.name]);
    } else if (node.type === 'ForGenericStatement') {
      this.#visitAll(node.iterators);
      const names = node.variables.map(({ name }) => name);
      this.block(node.body, names);
    } else if (node.type === 'RepeatStatement') {
      // The condition sees the locals of the body.
      this.block(node.body, [], node.condition);
    } else if ('body' in node) {
      if ('condition' in node) this.#visit(node.condition);
      this.block(node.body);
    } else this.#expression(node);
  }

  #visitAll(nodes: readonly Node[]): void {
    for (const node of nodes) this.#visit(node);
  }

  #expression(node: Node): void {
    // The name of a field is no name of the script.
    if (node.type === 'MemberExpression') this.#visit(node.base);
    else if (node.type === 'TableKeyString') this.#visit(node.value);
    else {
      if (node.type === 'IndexExpression') this.#checkNumber(node.base, node.index);
      if (node.type === 'CallExpression' && node.arguments.length === 1) this.#checkAll(node.arguments[0]);
      this.#visitAll(Object.values(node).flat().filter(isNode));
    }
  }

  #function(node: Node & { type: 'FunctionDeclaration' }): void {
    const name = node.identifier?.type === 'Identifier' ? node.identifier.name : '';
    if (node.isLocal) this.#declare([name]);
    const parameters = node.parameters.flatMap((one) => (one.type === 'Identifier' ? [one.name] : []));
    this.block(node.body, parameters);
    this.functions.push({ name, lines: node.loc ? node.loc.end.line - node.loc.start.line + 1 : 0 });
  }

  #read(name: string): void {
    const local = this.#find(name);
    if (local === undefined) this.globals.add(name);
    else local.isRead = true;
  }

  #assign(target: Node): void {
    if (target.type !== 'Identifier') this.#visit(target);
    else if (this.#find(target.name) === undefined) {
      this.globals.add(target.name);
      this.assigned.push(target.name);
    }
  }

  #checkNumber(base: Node, index: Node): void {
    if (isNumbers(base) && index.type === 'NumericLiteral') this.numbered.push(`${base.name}[${index.raw}]`);
  }

  /** `unpack(KEYS)` and the like. */
  #checkAll(argument: Node | undefined): void {
    if (argument !== undefined && isNumbers(argument)) this.numbered.push(`unpack(${argument.name})`);
  }
}

const isNumbers = (node: Node): node is Node & { type: 'Identifier' } =>
  node.type === 'Identifier' && (node.name === 'KEYS' || node.name === 'ARGV');

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';
