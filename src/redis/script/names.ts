import { PRIORITIES } from '../../schemas/values/names.ts';
import { PLACES, type QueueKeys } from '../keys.ts';

/** Keys of a queue that a script may name: one key each, but `stream`, `due` and `dead` have one for each place. */
export type QueueKeyName = Exclude<
  { [N in keyof QueueKeys]: QueueKeys[N] extends (...args: never) => unknown ? never : N }[keyof QueueKeys],
  'queue'
>;
const PER_PLACE = ['stream', 'due', 'dead'] as const satisfies QueueKeyName[];

/** Without the key of `parked`. */
interface LanesSpec {
  readonly lanes: (typeof PER_PLACE)[number];
}
/** Any number of values. */
interface ListSpec {
  readonly list: string;
}
/** Any number of records with the same fields. */
interface RecordsSpec {
  readonly records: string;
  readonly of: readonly string[];
}
export type QueueKeySpec = QueueKeyName | LanesSpec;
export type KeySpec = string | ListSpec;
export type ArgSpec = string | ListSpec | RecordsSpec;

/** What a name stands for. `width`: how many values; for a tail, how many each of its items has. */
export interface Name {
  readonly name: string;
  readonly kind: 'one' | 'places' | 'tail';
  readonly width: number;
  /** Of the items of a tail; a list has none. */
  readonly fields: readonly Name[];
}

const one = (name: string): Name => ({ name, kind: 'one', width: 1, fields: [] });

export function queueKeyName(spec: QueueKeySpec): Name {
  if (typeof spec === 'object')
    return { name: spec.lanes, kind: 'places', width: PRIORITIES.length, fields: [] };
  const isPerPlace = PER_PLACE.some((name) => name === spec);
  return isPerPlace ? { name: spec, kind: 'places', width: PLACES.length, fields: [] } : one(spec);
}

export function specName(spec: KeySpec | ArgSpec): Name {
  if (typeof spec === 'string') return one(spec);
  if ('list' in spec) return { name: spec.list, kind: 'tail', width: 1, fields: [] };
  const fields = spec.of.map(one);
  return { name: spec.records, kind: 'tail', width: fields.length, fields };
}

type Values = Readonly<Record<string, unknown>>;

/** The values of the names, in their order; one list alone is not copied. */
export function listValues<T extends string | number>(names: readonly Name[], values: object): readonly T[] {
  const [first] = names;
  if (names.length === 1 && first?.kind === 'tail' && first.fields.length === 0)
    return (values as Values)[first.name] as readonly T[];
  const list: T[] = [];
  for (const name of names) append(list, name, (values as Values)[name.name]);
  return list;
}

function append<T extends string | number>(list: T[], { kind, width, fields }: Name, value: unknown): void {
  if (kind === 'one') {
    list.push(value as T);
  } else if (kind === 'places') {
    for (let i = 0; i < width; i += 1) list.push((value as Values)[PLACES[i] as string] as T);
  } else if (fields.length === 0) {
    for (const item of value as readonly T[]) list.push(item);
  } else {
    for (const item of value as readonly Values[]) {
      for (const field of fields) append(list, field, item[field.name]);
    }
  }
}
