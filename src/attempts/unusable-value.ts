/** What a task gives as JSON. */
type Given = 'result' | 'progress' | 'checkpoint';

/** A value of which JSON would keep nothing, or not what was meant. The same code would give the same again. */
export class UnusableValue extends Error {
  override readonly name: `unusable-${Given}`;
  readonly retryable = false;

  constructor(given: Given, { what, path, advice }: Loss) {
    super(`The ${given} ${path === '' ? 'is' : `has at ${path}`} ${what}. ${advice}`);
    this.name = `unusable-${given}`;
    // That of a result would show our code, not that of the task.
    if (given === 'result') delete this.stack;
  }
}

/** The JSON text of a value; undefined becomes null. @throws {UnusableValue} when JSON cannot say it. */
export function usableJson(value: unknown, given: Given): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(value ?? null);
  } finally {
    // Its reason is clearer than that of a throw of JSON.stringify.
    if (typeof value === 'object' || text === undefined) checkUsable(value, given);
  }
  return text;
}

/** Levels that are searched; what is deeper is refused elsewhere. */
const MAX_DEPTH = 100;

const PLAIN = 'Use plain objects, arrays, strings, numbers, booleans or null';

/** What JSON would lose of a value, and what to do about it. */
interface Loss {
  readonly path: string;
  readonly what: string;
  readonly advice: string;
}

/**
 * Checks a value that `JSON.stringify` has taken, or has thrown for. `undefined` is no loss, and what a `toJSON` returns is
 * what its author means.
 *
 * @throws {UnusableValue} with the first loss.
 */
function checkUsable(value: unknown, given: Given): void {
  const found = findLoss(value, 0, []);
  if (found !== undefined) throw new UnusableValue(given, found);
}

/** @param above the objects that hold the value: one of them again is a circle. */
function findLoss(value: unknown, depth: number, above: object[]): Loss | undefined {
  if (typeof value === 'function' || typeof value === 'symbol') return loss(`a ${typeof value}`, PLAIN);
  if (typeof value === 'bigint') return loss('a BigInt', 'JSON has none: use a string');
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return undefined;
  if (above.includes(value))
    return loss('a reference to an object around it', 'JSON cannot have circles: use data without them');
  if ('toJSON' in value && typeof value.toJSON === 'function') return undefined;
  const own = isPlainObject(value) ? undefined : lossOfInstance(value);
  if (own !== undefined) return own;
  above.push(value);
  const found = Array.isArray(value)
    ? firstLoss(value.keys(), value, depth, above)
    : firstLoss(Object.keys(value), value, depth, above);
  above.pop();
  return found;
}

function firstLoss(
  keys: Iterable<string | number>,
  holder: object,
  depth: number,
  above: object[],
): Loss | undefined {
  for (const key of keys) {
    const member: unknown = Reflect.get(holder, key);
    // Methods are no data of an instance.
    if (typeof member === 'function' && !isPlainObject(holder)) continue;
    const found = findLoss(member, depth + 1, above);
    if (found !== undefined) return { ...found, path: `/${escapeKey(key)}${found.path}` };
  }
  return undefined;
}

/** A key as a part of a JSON Pointer. */
const escapeKey = (key: string | number): string => String(key).replaceAll('~', '~0').replaceAll('/', '~1');

const loss = (what: string, advice: string): Loss => ({ path: '', what, advice });

/** Arrays count as plain. Objects of another realm have another prototype, which itself has none. */
function isPlainObject(value: object): boolean {
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

/** What JSON would lose of an object with a class. */
function lossOfInstance(value: object): Loss | undefined {
  if (ArrayBuffer.isView(value)) return undefined;
  const name = value.constructor?.name || Object.prototype.toString.call(value).slice('[object '.length, -1);
  if ('then' in value && typeof value.then === 'function')
    return loss(`a ${name} that is not awaited`, 'Await it first');
  if ('pipe' in value && typeof value.pipe === 'function')
    return loss(`a stream (${name})`, 'Read it, and use what it held');
  if (value instanceof String || value instanceof Number || value instanceof Boolean) return undefined;
  if (Object.keys(value).some((key) => typeof Reflect.get(value, key) !== 'function')) return undefined;
  return loss(`of class ${name}, of which JSON keeps nothing`, PLAIN);
}
