import { type LuaHelper, withHelpers } from './lua.ts';
import { type ArgSpec, type KeySpec, type Name, type QueueKeySpec, queueKeyName, specName } from './names.ts';

/** A piece of Lua, and the names that it uses. */
export interface LuaPart {
  /** Taken from the keys of one queue: of the one that is in use, where the script has many. */
  readonly queueKeys?: readonly QueueKeySpec[];
  /** Passed one by one. */
  readonly keys?: readonly KeySpec[];
  readonly args?: readonly ArgSpec[];
  readonly uses?: readonly LuaHelper[];
  readonly lua: string;
}

interface BoundParts {
  /** The text as it is sent. */
  readonly lua: string;
  readonly queueKeys: readonly Name[];
  readonly keys: readonly Name[];
  readonly args: readonly Name[];
}

/** Lua: number of the key before the first one of the queue in use, in a script for many queues. */
const IN_USE = 'beforeQueue';

/** How many queues a script is for. */
export type QueueCount = 'one' | 'many';

/**
 * Numbers the keys and arguments of all parts, and writes the numbers in place of the names, so that a name costs
 * nothing at run time. Helpers come first, then the parts in their order. In the Lua of a part
 *
 * - a name stands for its value: `notes` is sent as `KEYS[3]`
 * - `stream`, `due`, `dead` have an index from 1, in the order of `PLACES`: `due[place]` is sent as `KEYS[6 + place]`
 * - a list has an index from 1 and a length: `ids[i]`, `#ids`
 * - records have fields, too: `jobs[i].token`, `#jobs`
 *
 * With `many` queues, `useQueue(index)` says whose keys the names stand for from then on: `notes` is sent as `KEYS[beforeQueue + 3]`.
 *
 * An index holds no brackets. A name can be neither assigned nor declared; test/scripts.test.ts sees to that.
 *
 * @throws {Error} when there are two tails, one before the keys of queues, or a name is used as what it is not.
 */
export function bindParts(parts: readonly LuaPart[], count: QueueCount = 'one'): BoundParts {
  const queueKeys = unique(parts.flatMap((part) => part.queueKeys ?? []).map(queueKeyName));
  const keys = unique(parts.flatMap((part) => part.keys ?? []).map(specName));
  const args = unique(parts.flatMap((part) => part.args ?? []).map(specName));
  const isForMany = count === 'many';
  const tail = isForMany && keys.find(({ kind }) => kind === 'tail');
  if (tail) throw new Error(`${tail.name} is before the keys of queues`);
  const numbered = [
    // The keys of many queues stand behind all others.
    ...(isForMany
      ? [...number('KEYS', keys), ...number('KEYS', queueKeys, widthOf(keys), `${IN_USE} + `)]
      : number('KEYS', [...queueKeys, ...keys])),
    ...number('ARGV', args),
  ];
  const numbers = new Map(numbered);
  if (numbers.size < numbered.length) throw new Error('A name stands for two things');
  const text = parts.map(({ lua }) => writeNumbers(lua, numbers)).join('');
  const helpers = parts.flatMap(({ uses }) => uses ?? []);
  const selection = isForMany ? useQueue(widthOf(queueKeys)) : '';
  return { lua: withHelpers(helpers, selection + text), queueKeys, keys, args };
}

const widthOf = (names: readonly Name[]): number => names.reduce((sum, { width }) => sum + width, 0);

/** Lua: `useQueue(index)`, from 1. @param width keys of each queue. */
const useQueue = (width: number): string => `
local ${IN_USE} = 0
local function useQueue(index) ${IN_USE} = (index - 1) * ${width} end
`;

/** Each name once, the tail behind all others. */
function unique(names: readonly Name[]): Name[] {
  const found = [...new Map(names.map((name) => [name.name, name])).values()];
  return [...found.filter(({ kind }) => kind !== 'tail'), ...found.filter(({ kind }) => kind === 'tail')];
}

interface Numbered {
  readonly name: Name;
  readonly table: 'KEYS' | 'ARGV';
  /** Number of the value before its first. */
  readonly before: number;
  /** Lua that is added to each number. */
  readonly shift: string;
}

function number(
  table: Numbered['table'],
  names: readonly Name[],
  first = 0,
  shift = '',
): [string, Numbered][] {
  let before = first;
  return names.map((name, i) => {
    if (name.kind === 'tail' && i < names.length - 1) throw new Error(`${name.name} is a second tail`);
    const numbered: Numbered = { name, table, before, shift };
    before += name.width;
    return [name.name, numbered];
  });
}

/** A comment, a string, or a name that is no field, with what follows it: a length before, an index, a field. */
const TOKEN =
  /--[^\n]*|'(?:\\.|[^'\\])*'|(?<hash>#?)(?<![\w:]|(?<!\.)\.)(?<id>[A-Za-z_]\w*)(?!\w|\s*=[^=])(?:\[(?<index>[^[\]]+)\](?:\.(?<field>\w+)(?:\[(?<inner>[^[\]]+)\])?)?)?/g;

interface Use {
  hash?: string;
  id?: string;
  index?: string;
  field?: string;
  inner?: string;
}

function writeNumbers(lua: string, numbers: ReadonlyMap<string, Numbered>): string {
  return lua.replace(TOKEN, (text, ...groups) => {
    const { id = '', ...use }: Use = groups.at(-1);
    const numbered = numbers.get(id);
    if (numbered !== undefined) {
      const written = write(numbered, use, (inner) => writeNumbers(inner, numbers));
      if (written === undefined) throw new Error(`${text} is not how ${id} can be used`);
      return written;
    }
    if (use.index === undefined) return text;
    // Of another table: what stands in the brackets may have names.
    const rest = text.slice(text.indexOf('[') + use.index.length + 1);
    return `${use.hash}${id}[${writeNumbers(use.index, numbers)}${writeNumbers(rest, numbers)}`;
  });
}

function write(
  { name, table, before, shift }: Numbered,
  { hash, index, field, inner }: Use,
  writeIndex: (lua: string) => string,
): string | undefined {
  const at = (offset: number, lua: string) => {
    if (/^\d+$/.test(lua)) return `${table}[${shift}${offset + Number(lua)}]`;
    // With 0, too: the sum makes a number of an argument, which is a text.
    return `${table}[${shift}${offset} + ${writeIndex(lua)}]`;
  };
  if (name.kind === 'tail' && index === undefined) {
    const length = before === 0 ? `#${table}` : `(#${table} - ${before})`;
    if (hash !== '#') return undefined;
    return name.width === 1 ? length : `(${length} / ${name.width})`;
  }
  if (name.kind === 'one') {
    return index === undefined ? `${hash}${table}[${shift}${before + 1}]` : undefined;
  }
  if (index === undefined) return undefined;
  if (name.fields.length === 0) return field === undefined ? `${hash}${at(before, index)}` : undefined;
  const found = fieldOf(name, field);
  if (found === undefined || inner !== undefined) return undefined;
  const item = `${/^\w+$/.test(index) ? index : `(${index})`} * ${name.width}`;
  return `${hash}${at(before - name.width + found.before + 1, item)}`;
}

/** A field of a record, and the width of those before it. */
function fieldOf({ fields }: Name, field: string | undefined): (Name & { before: number }) | undefined {
  let before = 0;
  for (const one of fields) {
    if (one.name === field) return { ...one, before };
    before += one.width;
  }
  return undefined;
}
