import { pointerToken } from '../validation/faults.ts';
import { isNamed, type Name } from './places.ts';
import { CODE, stringEnd } from './tokens.ts';

/** What a JSON value holds that some of its readers cannot take. */
export class JsonFacts {
  /** Most arrays and objects within each other. */
  depth = 0;
  /** Half of a surrogate pair, as in `"\ud83d"`. Most languages refuse the whole document. */
  hasLoneSurrogate = false;
  /** Pointer to the first text or name with one. */
  loneSurrogate: string | undefined = undefined;
  /** Pointer to the first `__proto__` or `constructor.prototype`, which may change the prototype of an object that copies it. */
  pollution: string | undefined = undefined;
  /** Lone surrogates are mended, so none is found. */
  readonly isMended: true | undefined;

  constructor(isMended?: true) {
    this.isMended = isMended;
  }
}

/** A text in its document, by its bytes. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
  readonly facts: JsonFacts;
}

/**
 * Where a scan is in a document. For each open array or object: where the name of its member begins, or -1 less the index
 * of its item, so that no mark of an array is a place in the document.
 */
export type Marks = number[];

/** The mark of an array that has just begun. */
export const FIRST_ITEM = -1;

/** Longer pointers are cut: a client chooses the depth. */
const MAX_POINTER_LEVELS = 100;

/** The JSON pointer of the marks from one level to another. */
export function pointerOf(json: Uint8Array, marks: Readonly<Marks>, from: number, to = marks.length): string {
  return marks
    .slice(from, Math.min(to, from + MAX_POINTER_LEVELS))
    .map((mark) => `/${mark < 0 ? FIRST_ITEM - mark : pointerToken(nameAt(json, mark))}`)
    .join('');
}

function nameAt(json: Uint8Array, at: number): string {
  const end = stringEnd(json, at, { hasLoneSurrogate: false });
  return JSON.parse(Buffer.from(json.subarray(at, end)).toString()) as string;
}

const [UNDERSCORE, LOWER_P] = [0x5f, 0x70];
const nameOf = (text: string): Name => ({ bytes: Buffer.from(text) });
const PROTO = nameOf('__proto__');
const CONSTRUCTOR = nameOf('constructor');
const PROTOTYPE = nameOf('prototype');

/** The pointer of a member that may change a prototype, where the marks end at its name; undefined for other names. */
export function pollutionAt(json: Uint8Array, marks: Readonly<Marks>, from: number): string | undefined {
  const at = marks[marks.length - 1] as number;
  // Most names begin with another character.
  const first = json[at + 1];
  if (first !== UNDERSCORE && first !== LOWER_P && first !== CODE.backslash) return undefined;
  if (isNamed(json, at, PROTO)) return pointerOf(json, marks, from);
  if (!isNamed(json, at, PROTOTYPE) || marks.length - from < 2) return undefined;
  const around = marks[marks.length - 2] as number;
  return around >= 0 && isNamed(json, around, CONSTRUCTOR)
    ? pointerOf(json, marks, from, marks.length - 1)
    : undefined;
}
