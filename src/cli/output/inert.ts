/**
 * What a terminal may act on, or what changes the order of the text around it: control characters (C0, C1), line and
 * paragraph separators, and format characters (bidi marks, zero-width ones, tags), but for the joiners of emoji.
 */
const ACTIVE = /(?!\u200c|\u200d)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu;

/** As above, without what JSON needs around its values. */
const ACTIVE_IN_JSON = /(?!\u200c|\u200d|[\t\n\r])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

const NAMES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

const escapeUnits = (text: string): string =>
  [...Array(text.length).keys()]
    .map((i) => `\\u${text.charCodeAt(i).toString(16).padStart(4, '0')}`)
    .join('');

/** Text of others on one line, in which nothing moves a cursor, sets a colour or turns the order. */
export const inert = (text: string): string => text.replaceAll(ACTIVE, (c) => NAMES[c] ?? escapeUnits(c));

/** The same for text of several lines, which stay lines. */
export const inertLines = (text: string): string => text.split('\n').map(inert).join('\n');

/** The same JSON, of which a terminal acts on nothing: such characters are in strings only, and escaped there. */
export const inertJson = (json: string): string => json.replaceAll(ACTIVE_IN_JSON, escapeUnits);
