import { randomBytes } from 'node:crypto';
import { MAX_DEPTH } from './depth.ts';
import { JsonFacts } from './facts.ts';
import { factsOf } from './scan.ts';
import { replaceLoneSurrogates, wellFormedJson } from './well-formed.ts';

/** JSON has line breaks between its tokens only. Event streams, NDJSON and stored errors end at one. */
const toOneLine = (text: string): string =>
  text.includes('\n') || text.includes('\r') ? text.replaceAll(/[\n\r]/g, ' ') : text;

/**
 * A value of a client or worker as JSON text. It is passed on as it came and is never parsed and printed again: that
 * would change numbers such as 9007199254740993, 1e400, 1.0 and -0. `printJson` inserts it into answers.
 */
export class JsonText {
  /** On one line. */
  readonly text: string;
  #facts: Readonly<JsonFacts> | undefined;

  /**
   * @param text on one line.
   * @param facts of the text, for who has scanned it.
   */
  private constructor(text: string, facts?: Readonly<JsonFacts>) {
    this.text = text;
    this.#facts = facts;
  }

  /** A text that `facts` were found in. */
  static scanned(text: string, facts: Readonly<JsonFacts>): JsonText {
    return new JsonText(toOneLine(text), facts);
  }

  /** Undefined when the text is not JSON. */
  static read(text: string): JsonText | undefined {
    const facts = factsOf(Buffer.from(text));
    return facts && JsonText.scanned(text, facts);
  }

  /** A `JsonText` itself, or the text of a JavaScript value. @throws {TypeError} when the value has no JSON. */
  static of(value: unknown): JsonText {
    return value instanceof JsonText ? value : new JsonText(printJson(value));
  }

  /** What some readers cannot take. A text that came from a JavaScript value is scanned when somebody asks. */
  get facts(): Readonly<JsonFacts> {
    this.#facts ??= factsOf(Buffer.from(this.text)) ?? new JsonFacts();
    return this.#facts;
  }

  /** Whether every reader can take it, as far as that can be seen without a scan: it is short and has nothing special. */
  get isPlain(): boolean {
    const facts = this.#facts;
    if (facts !== undefined)
      return facts.depth <= MAX_DEPTH && !facts.hasLoneSurrogate && facts.pollution === undefined;
    const { text } = this;
    if (text.length > 2 * MAX_DEPTH || text.includes('\\')) return false;
    return !text.includes('{') || !(text.includes('__proto__') || text.includes('constructor'));
  }

  /** With U+FFFD for lone surrogates. */
  toWellFormed(): JsonText {
    if (!this.facts.hasLoneSurrogate) return this;
    const facts = { ...this.facts, hasLoneSurrogate: false, loneSurrogate: undefined };
    return new JsonText(replaceLoneSurrogates(this.text), facts);
  }

  /** The JavaScript value. Each call parses: ask only where somebody looks into the value. */
  parse(): unknown {
    return JSON.parse(this.text);
  }

  /** For `JSON.stringify`: what `printJson` replaces by the text. */
  toJSON(): unknown {
    if (printing === undefined) return this.parse();
    printing.push(this);
    return HOLE;
  }
}

export const JSON_NULL = JsonText.scanned('null', new JsonFacts());

/** The texts that `JSON.stringify` has met since `printJson` called it; undefined while it prints nothing. */
let printing: JsonText[] | undefined;
/** No value has this text, since nobody ever sees it. */
const HOLE = randomBytes(18).toString('base64url');
const PRINTED_HOLE = JSON.stringify(HOLE);

/**
 * The JSON of an answer, or of something to store. Each `JsonText` in it is inserted as it is. Every reader can take the
 * result: it has no lone surrogates, and a text that is nested too deeply is shown as a string.
 *
 * @throws {TypeError} when the value has no JSON, as a function.
 */
export function printJson(value: unknown): string {
  const texts: JsonText[] = [];
  const outline = wellFormedJson(
    typeof value === 'object' ? stringifyAround(value, texts) : stringify(value),
  );
  if (texts.length === 0) return outline;
  let printed = '';
  let from = 0;
  for (const text of texts) {
    const at = outline.indexOf(PRINTED_HOLE, from);
    printed += outline.slice(from, at) + readable(text);
    from = at + PRINTED_HOLE.length;
  }
  return printed + outline.slice(from);
}

/** JSON with a hole for each text, which is added to `texts`. */
function stringifyAround(value: unknown, texts: JsonText[]): string {
  printing = texts;
  try {
    return stringify(value);
  } finally {
    printing = undefined;
  }
}

function stringify(value: unknown): string {
  const json: string | undefined = JSON.stringify(value);
  if (json === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
  return json;
}

/** A text that every reader can take, whatever an older release has stored: others stand beside it in an answer. */
function readable(json: JsonText): string {
  if (json.isPlain) return json.text;
  const { text, facts } = json.toWellFormed();
  return facts.depth > MAX_DEPTH ? JSON.stringify(text) : text;
}
