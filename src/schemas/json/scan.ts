import { blanksEnd, CODE, scalarEnd, stringEnd } from './tokens.ts';

/** Where a document holds texts, which are values that stay as they came. */
export type Places = 'text' | PlacesInside;

interface PlacesInside {
  /** In each item, if the value is an array. */
  readonly each?: Places;
  /** In members, if it is an object. */
  readonly members?: readonly Member[];
}

interface Member {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly places: Places;
}

/** Places in members of an object, such as `inMembers({ payload: 'text' })`. */
export const inMembers = (members: Readonly<Record<string, Places>>): PlacesInside => ({
  members: Object.entries(members).map(([name, places]) => ({ name, bytes: Buffer.from(name), places })),
});

/** What a JSON value holds that some of its readers cannot take. */
export class JsonFacts {
  /** Most arrays and objects within each other. */
  depth = 0;
  /** Half of a surrogate pair, as in `"\ud83d"`. Most languages refuse the whole document. */
  hasLoneSurrogate = false;
  /** A member `__proto__` or `constructor`, which may change the prototype of an object that copies it. */
  mayPollute = false;
}

/** A text in its document, by its bytes. */
export interface TextSpan {
  readonly start: number;
  readonly end: number;
  readonly facts: JsonFacts;
}

export interface JsonScan {
  /** Of everything outside of the texts. */
  readonly head: JsonFacts;
  /** In their order. */
  readonly texts: readonly TextSpan[];
}

/** Reads a document of UTF-8 once and finds the texts at the given places, without parsing. Undefined when it is not JSON. */
export function scanJson(json: Uint8Array, places: Places): JsonScan | undefined {
  const scan = { json, head: new JsonFacts(), texts: [] };
  const end = placedEnd(scan, blanksEnd(json, 0), places, 0);
  return end >= 0 && blanksEnd(json, end) === json.length ? scan : undefined;
}

/** The facts of a document without texts. Undefined when it is not JSON. */
export function factsOf(json: Uint8Array): JsonFacts | undefined {
  const facts = new JsonFacts();
  const end = valueEnd(json, blanksEnd(json, 0), facts, 0);
  return end >= 0 && blanksEnd(json, end) === json.length ? facts : undefined;
}

interface Scan extends JsonScan {
  readonly json: Uint8Array;
  readonly texts: TextSpan[];
}

/** The index after the value at `at`, -1 when it is not JSON. Recurses along the places only, which are ours. */
function placedEnd(scan: Scan, at: number, places: Places | undefined, level: number): number {
  const { json, head, texts } = scan;
  if (places === 'text') {
    const facts = new JsonFacts();
    const end = valueEnd(json, at, facts, 0);
    texts.push({ start: at, end, facts });
    return end;
  }
  const code = json[at];
  const inner =
    code === CODE.openObject ? places?.members : code === CODE.openArray ? places?.each : undefined;
  return inner === undefined ? valueEnd(json, at, head, level) : partsEnd(scan, at, inner, level + 1);
}

/** The index after an array or object, with the places in it. */
function partsEnd(scan: Scan, at: number, inner: Places | readonly Member[], level: number): number {
  const { json, head } = scan;
  const close = (json[at] as number) + CLOSE;
  if (level > head.depth) head.depth = level;
  let end = blanksEnd(json, at + 1);
  if (json[end] === close) return end + 1;
  for (;;) {
    let places: Places | undefined;
    if (!Array.isArray(inner)) places = inner as Places;
    else {
      const name = end;
      end = nameEnd(json, name, head);
      if (end < 0) return -1;
      places = placesOf(json, name, inner);
      end = blanksEnd(json, end);
    }
    end = placedEnd(scan, end, places, level);
    if (end < 0) return -1;
    end = blanksEnd(json, end);
    if (json[end] === close) return end + 1;
    if (json[end] !== CODE.comma) return -1;
    end = blanksEnd(json, end + 1);
  }
}

/** From the code of an opening bracket to that of its closing one. */
const CLOSE = 2;

/**
 * The index after the value at `at`, -1 when it is not JSON.
 *
 * @param level arrays and objects around it that count.
 */
function valueEnd(json: Uint8Array, at: number, facts: JsonFacts, level: number): number {
  const code = json[at];
  if (code === CODE.quote) return stringEnd(json, at, facts);
  if (code !== CODE.openObject && code !== CODE.openArray) return scalarEnd(json, at);
  return nestedEnd(json, at, facts, level);
}

/** As `valueEnd`, of an array or object. Uses no stack for nesting, since a client chooses the depth. */
function nestedEnd(json: Uint8Array, start: number, facts: JsonFacts, level: number): number {
  /** Closing brackets of the arrays and objects that have not ended. */
  const closing: number[] = [];
  for (let at = start; ; ) {
    const code = json[at];
    if (code === CODE.quote) at = stringEnd(json, at, facts);
    else if (code !== CODE.openObject && code !== CODE.openArray) at = scalarEnd(json, at);
    else {
      closing.push(code + CLOSE);
      if (level + closing.length > facts.depth) facts.depth = level + closing.length;
      at = blanksEnd(json, at + 1);
      if (json[at] !== code + CLOSE) {
        if (code === CODE.openObject) at = nameEnd(json, at, facts);
        if (at < 0) return -1;
        at = blanksEnd(json, at);
        continue;
      }
    }
    if (at < 0) return -1;
    for (;;) {
      const close = closing[closing.length - 1];
      if (close === undefined) return at;
      at = blanksEnd(json, at);
      if (json[at] === close) {
        closing.pop();
        at += 1;
        continue;
      }
      if (json[at] !== CODE.comma) return -1;
      at = blanksEnd(json, at + 1);
      if (close === CODE.closeObject) at = nameEnd(json, at, facts);
      if (at < 0) return -1;
      at = blanksEnd(json, at);
      break;
    }
  }
}

/** The index after a name and its colon, -1 when they are not JSON. */
function nameEnd(json: Uint8Array, at: number, facts: JsonFacts): number {
  const end = json[at] === CODE.quote ? stringEnd(json, at, facts) : -1;
  if (end < 0) return -1;
  if (isDangerous(json, at)) facts.mayPollute = true;
  const colon = blanksEnd(json, end);
  return json[colon] === CODE.colon ? colon + 1 : -1;
}

function isDangerous(json: Uint8Array, at: number): boolean {
  const first = json[at + 1];
  if (first !== UNDERSCORE && first !== LOWER_C && first !== CODE.backslash) return false;
  for (const name of DANGEROUS) if (isNamed(json, at, name)) return true;
  return false;
}

const [UNDERSCORE, LOWER_C] = [0x5f, 0x63];
const DANGEROUS = ['__proto__', 'constructor'].map((name) => ({ name, bytes: Buffer.from(name) }));

function placesOf(json: Uint8Array, at: number, members: readonly Member[]): Places | undefined {
  for (const member of members) if (isNamed(json, at, member)) return member.places;
  return undefined;
}

/** Whether the string whose opening quote is at `at` is that name. */
function isNamed(json: Uint8Array, at: number, { name, bytes }: Pick<Member, 'name' | 'bytes'>): boolean {
  const { length } = bytes;
  for (let i = 0; i < length; i += 1) {
    const code = json[at + 1 + i];
    if (code === CODE.backslash) return unescaped(json, at) === name;
    if (code !== bytes[i]) return false;
  }
  const end = at + 1 + length;
  return json[end] === CODE.quote || (json[end] === CODE.backslash && unescaped(json, at) === name);
}

function unescaped(json: Uint8Array, at: number): string {
  const end = stringEnd(json, at, { hasLoneSurrogate: false });
  return JSON.parse(Buffer.from(json.subarray(at, end)).toString()) as string;
}
