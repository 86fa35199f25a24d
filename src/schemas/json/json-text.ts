import { randomBytes } from 'node:crypto';
import { MAX_DEPTH } from './depth.ts';
import { factsOf, JsonFacts } from './scan.ts';
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
  readonly facts: Readonly<JsonFacts>;

  /** @param facts of the text: who makes a `JsonText` has scanned it. */
  constructor(text: string, facts: Readonly<JsonFacts>) {
    this.text = toOneLine(text);
    this.facts = facts;
  }

  /** Undefined when the text is not JSON. */
  static read(text: string): JsonText | undefined {
    const facts = factsOf(Buffer.from(text));
    return facts && new JsonText(text, facts);
  }

  /** A `JsonText` itself, or the text of a JavaScript value. @throws {TypeError} when the value has no JSON. */
  static of(value: unknown): JsonText {
    if (value instanceof JsonText) return value;
    const text = printJson(value);
    return new JsonText(text, factsOf(Buffer.from(text)) ?? new JsonFacts());
  }

  /** With U+FFFD for lone surrogates. */
  toWellFormed(): JsonText {
    if (!this.facts.hasLoneSurrogate) return this;
    const { depth, mayPollute } = this.facts;
    return new JsonText(replaceLoneSurrogates(this.text), { depth, mayPollute, hasLoneSurrogate: false });
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

export const JSON_NULL = new JsonText('null', new JsonFacts());

/** The texts that `JSON.stringify` has met since `printJson` called it. */
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
  printing = texts;
  let stringified: string | undefined;
  try {
    stringified = JSON.stringify(value);
  } finally {
    printing = undefined;
  }
  if (stringified === undefined) throw new TypeError(`a ${typeof value} has no JSON`);
  const outline = wellFormedJson(stringified);
  let printed = '';
  let from = 0;
  for (const text of texts) {
    const at = outline.indexOf(PRINTED_HOLE, from);
    printed += outline.slice(from, at) + readable(text);
    from = at + PRINTED_HOLE.length;
  }
  return printed + outline.slice(from);
}

/** A text that every reader can take, whatever an older release has stored: others stand beside it in an answer. */
function readable(json: JsonText): string {
  const { text, facts } = json.toWellFormed();
  return facts.depth > MAX_DEPTH ? JSON.stringify(text) : text;
}
