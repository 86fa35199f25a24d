import { type LuaHelper, withHelpers } from './lua.ts';
import { type ArgSpec, type KeySpec, type Name, type QueueKeySpec, queueKeyName, specName } from './names.ts';

/** A piece of Lua, and the names that it uses. */
export interface LuaPart {
  /** Taken from the keys of one queue. */
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

/**
 * Numbers the keys and arguments of all parts, and writes the numbers in place of the names, so that a name costs
 * nothing at run time. Helpers come first, then the parts in their order. In the Lua of a part
 *
 * - a name stands for its value: `notes` is sent as `KEYS[3]`
 * - `stream`, `due`, `dead` have an index from 1, in the order of `PLACES`: `due[place]` is sent as `KEYS[6 + place]`
 * - a list has an index from 1 and a length: `ids[i]`, `#ids`
 * - records and queues have fields, too: `jobs[i].token`, `#jobs`, `queues[i].wake`, `queues[i].stream[place]`
 *
 * An index holds no brackets. A name can be neither assigned nor declared; test/scripts.test.ts sees to that.
 *
 * @throws {Error} when there are two tails, or a name is used as what it is not.
 */
export function bindParts(parts: readonly LuaPart[]): BoundParts {
  const queueKeys = unique(parts.flatMap((part) => part.queueKeys ?? []).map(queueKeyName));
  const keys = unique(parts.flatMap((part) => part.keys ?? []).map(specName));
  const args = unique(parts.flatMap((part) => part.args ?? []).map(specName));
  const numbered = [...number('KEYS', [...queueKeys, ...keys]), ...number('ARGV', args)];
  const numbers = new Map(numbered);
  if (numbers.size < numbered.length) throw new Error('A name stands for two things');
  const text = parts.map(({ lua }) => writeNumbers(lua, numbers)).join('');
  const helpers = parts.flatMap(({ uses }) => uses ?? []);
  return { lua: withHelpers(helpers, text), queueKeys, keys, args };
}

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
}

function number(table: Numbered['table'], names: readonly Name[]): [string, Numbered][] {
  let before = 0;
  return names.map((name, i) => {
    if (name.kind === 'tail' && i < names.length - 1) throw new Error(`${name.name} is a second tail`);
    const numbered: Numbered = { name, table, before };
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
  { name, table, before }: Numbered,
  { hash, index, field, inner }: Use,
  writeIndex: (lua: string) => string,
): string | undefined {
  const at = (offset: number, lua: string) => {
    if (/^\d+$/.test(lua)) return `${table}[${offset + Number(lua)}]`;
    // With 0, too: the sum makes a number of an argument, which is a text.
    return `${table}[${offset} + ${writeIndex(lua)}]`;
  };
  if (name.kind === 'tail' && index === undefined) {
    const length = before === 0 ? `#${table}` : `(#${table} - ${before})`;
    if (hash !== '#') return undefined;
    return name.width === 1 ? length : `(${length} / ${name.width})`;
  }
  if (name.kind === 'one') {
    return index === undefined ? `${hash}${table}[${before + 1}]` : undefined;
  }
  if (index === undefined) return undefined;
  if (name.fields.length === 0) return field === undefined ? `${hash}${at(before, index)}` : undefined;
  const found = fieldOf(name, field);
  if (found === undefined || (found.kind === 'places') !== (inner !== undefined)) return undefined;
  const item = `${/^\w+$/.test(index) ? index : `(${index})`} * ${name.width}`;
  return found.kind === 'places'
    ? `${hash}${at(before - name.width + found.before, `${item} + ${inner}`)}`
    : `${hash}${at(before - name.width + found.before + 1, item)}`;
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
