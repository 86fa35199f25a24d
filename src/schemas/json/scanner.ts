import { FIRST_ITEM, JsonFacts, type Marks, pointerOf, pollutionAt, type TextSpan } from './facts.ts';
import { JsonItems } from './items.ts';
import { type Member, type Places, placesOf } from './places.ts';
import { blanksEnd, CODE, scalarEnd, stringEnd } from './tokens.ts';

/**
 * Reads a document of UTF-8 from its start, as far as it is told, without parsing. Uses no stack for nesting, since a client
 * chooses the depth.
 */
export class JsonScanner {
  /** Of everything outside of the texts. */
  readonly head: JsonFacts;
  /** In their order. */
  readonly texts: TextSpan[] = [];
  /** Items of the lists that have places in their items. */
  readonly items = new JsonItems();
  /** Bytes of the longest name outside of the texts, with its quotes. */
  longestName = 0;
  /** Where the value begins that is not JSON, or whose name is not. */
  brokenAt = 0;
  readonly #json: Uint8Array;
  readonly #marks: Marks = [];
  /** What is placed in the outermost of the open arrays and objects. */
  readonly #placed: (Places | readonly Member[])[] = [];
  #at: number;
  #isEnded = false;
  /** In the value that begins at `#at`. */
  #places: Places | undefined;
  /** Whether it is in a text, or another value without places. */
  #isInside = false;
  /** Of that value. */
  #facts: JsonFacts;
  /** Open arrays and objects around that value. */
  #base = 0;
  #textStart = -1;
  /** Open arrays and objects that the facts do not count. */
  #around = 0;
  #values = 0;

  /** @param isMending writes U+FFFD over each lone surrogate in `json`. */
  constructor(json: Uint8Array, places?: Places, isMending = false) {
    this.#json = json;
    this.#places = places;
    this.head = new JsonFacts(isMending ? true : undefined);
    this.#facts = this.head;
    this.#at = blanksEnd(json, 0);
  }

  /** Values outside of the texts. Of the lists with places in their items only the longest item counts. */
  get values(): number {
    return this.#values + this.items.mostValues;
  }

  /** Reads on until a value begins at `until` or later. Returns whether there is more, or else whether the whole is JSON. */
  read(until = Number.POSITIVE_INFINITY): 'more' | 'json' | 'broken' {
    while (!this.#isEnded && this.#at >= 0) {
      if (this.#at >= until) return 'more';
      if (this.#isInside) this.#readInside(until);
      else this.#begin();
    }
    return this.#at < 0 ? 'broken' : 'json';
  }

  /** Begins a value for which there may be places. */
  #begin(): void {
    this.brokenAt = this.#at;
    const places = this.#places;
    const code = this.#json[this.#at];
    let inner: Places | readonly Member[] | undefined;
    if (places !== undefined && places !== 'text') {
      if (code === CODE.openObject) inner = places.members;
      else if (code === CODE.openArray) inner = places.each;
    }
    if (inner !== undefined) {
      this.#open(inner);
      return;
    }
    const isText = places === 'text';
    // A text counts as one value.
    if (isText) this.#values += 1;
    this.#isInside = true;
    this.#facts = isText ? new JsonFacts(this.head.isMended) : this.head;
    this.#base = this.#marks.length;
    this.#textStart = isText ? this.#at : -1;
    this.#around = isText ? this.#base : 0;
  }

  #open(inner: Places | readonly Member[]): void {
    const json = this.#json;
    const isObject = Array.isArray(inner);
    this.#values += 1;
    this.#marks.push(isObject ? this.#at : FIRST_ITEM);
    this.#placed.push(inner);
    this.head.depth = Math.max(this.head.depth, this.#marks.length);
    const at = blanksEnd(json, this.#at + 1);
    if (json[at] !== (isObject ? CODE.closeObject : CODE.closeArray)) this.#beginPart(at, inner);
    else {
      this.#close();
      this.#end(at + 1);
    }
  }

  #close(): void {
    this.#marks.pop();
    this.#placed.pop();
  }

  /** Begins a member or an item. */
  #beginPart(at: number, inner: Places | readonly Member[]): void {
    if (!Array.isArray(inner)) {
      this.#places = inner as Places;
      this.#at = at;
      this.items.begin(at, this.texts.length, this.#values);
      return;
    }
    this.#facts = this.head;
    this.#around = 0;
    this.#at = this.#nameEnd(at);
    if (this.#at >= 0) this.#places = placesOf(this.#json, at, inner);
  }

  /** After a value that has an array or object with places around it, or nothing. */
  #end(end: number): void {
    const json = this.#json;
    const marks = this.#marks;
    for (let at = end; ; ) {
      const valueEnd = at;
      at = blanksEnd(json, at);
      const inner = this.#placed.at(-1);
      if (inner === undefined) {
        this.#isEnded = at === json.length;
        this.#at = this.#isEnded ? at : -1;
        return;
      }
      const isList = !Array.isArray(inner);
      if (isList) this.#values = this.items.end(valueEnd, inner as Places, this.texts.length, this.#values);
      if (json[at] === (isList ? CODE.closeArray : CODE.closeObject)) {
        this.#close();
        at += 1;
        continue;
      }
      if (json[at] !== CODE.comma) {
        this.#at = -1;
        return;
      }
      if (isList) (marks[marks.length - 1] as number) -= 1;
      this.#beginPart(blanksEnd(json, at + 1), inner);
      return;
    }
  }

  /** Reads the value without places, or the text, to its end or to `until`. */
  #readInside(until: number): void {
    const json = this.#json;
    const marks = this.#marks;
    const facts = this.#facts;
    const base = this.#base;
    const isText = this.#textStart >= 0;
    const around = this.#around;
    let values = 0;
    let at = this.#at;
    while (at >= 0 && at < until) {
      this.brokenAt = at;
      values += 1;
      const code = json[at];
      if (code === CODE.quote) {
        at = stringEnd(json, at, facts);
        if (facts.hasLoneSurrogate) facts.loneSurrogate ??= pointerOf(json, marks, around);
      } else if (code !== CODE.openObject && code !== CODE.openArray) at = scalarEnd(json, at);
      else {
        const isObject = code === CODE.openObject;
        marks.push(isObject ? at : FIRST_ITEM);
        if (marks.length - around > facts.depth) facts.depth = marks.length - around;
        at = blanksEnd(json, at + 1);
        if (json[at] !== (isObject ? CODE.closeObject : CODE.closeArray)) {
          if (isObject) at = this.#nameEnd(at);
          continue;
        }
      }
      if (at >= 0) at = this.#nextInside(at, base);
      if (marks.length === base) break;
    }
    if (!isText) this.#values += values;
    this.#at = at;
    if (at < 0 || marks.length > base) return;
    this.#isInside = false;
    if (isText) this.texts.push({ start: this.#textStart, end: at, facts });
    this.#end(at);
  }

  /** After a value: closes what ends with it, down to `base`. Gives the index of the next value, or the end of the last one. */
  #nextInside(end: number, base: number): number {
    const json = this.#json;
    const marks = this.#marks;
    let at = end;
    while (marks.length > base) {
      at = blanksEnd(json, at);
      const mark = marks[marks.length - 1] as number;
      if (json[at] === (mark < 0 ? CODE.closeArray : CODE.closeObject)) {
        marks.pop();
        at += 1;
        continue;
      }
      if (json[at] !== CODE.comma) return -1;
      at = blanksEnd(json, at + 1);
      if (mark >= 0) return this.#nameEnd(at);
      marks[marks.length - 1] = mark - 1;
      return at;
    }
    return at;
  }

  /** The index of the value after a name and its colon; -1 when they are not JSON. */
  #nameEnd(at: number): number {
    const json = this.#json;
    const facts = this.#facts;
    this.#marks[this.#marks.length - 1] = at;
    const end = json[at] === CODE.quote ? stringEnd(json, at, facts) : -1;
    if (end < 0) return -1;
    if (facts === this.head && end - at > this.longestName) this.longestName = end - at;
    if (facts.hasLoneSurrogate) facts.loneSurrogate ??= pointerOf(json, this.#marks, this.#around);
    facts.pollution ??= pollutionAt(json, this.#marks, this.#around);
    const colon = blanksEnd(json, end);
    return json[colon] === CODE.colon ? blanksEnd(json, colon + 1) : -1;
  }
}
