import { isAscii } from 'node:buffer';
import { JsonText } from './json-text.ts';
import type { Places } from './places.ts';
import { type JsonScan, scanJson } from './scan.ts';

/**
 * Parses a document of UTF-8. The values at the given places become `JsonText`. Undefined when it is not JSON. Line breaks in
 * `json` become spaces.
 */
export function parseAround(json: Buffer, places: Places): unknown {
  const scan = scanJson(json, places);
  return scan && parseScanned(json, scan, places, isAscii(json));
}

/** As `parseAround`, for a document that the caller has scanned. @param isPlain whether it is ASCII. */
export function parseScanned(
  json: Buffer,
  scan: JsonScan,
  places: Places | undefined,
  isPlain: boolean,
): unknown {
  if (scan.texts.length > 0) toOneLine(json);
  const ascii = isPlain ? json.toString('latin1') : undefined;
  /** The document with the number of each text in its place. */
  let numbered = '';
  let from = 0;
  const texts: JsonText[] = [];
  for (const { start, end, facts } of scan.texts) {
    numbered += sliceOf(json, ascii, from, start) + texts.length;
    texts.push(JsonText.scanned(sliceOf(json, ascii, start, end), facts));
    from = end;
  }
  numbered += sliceOf(json, ascii, from, json.length);
  return fill(JSON.parse(numbered), places, texts);
}

const [LINE_FEED, RETURN, SPACE] = [0x0a, 0x0d, 0x20];

/** Texts are on one line. JSON has line breaks between its tokens only, and may have a million of them. */
function toOneLine(json: Buffer): void {
  if (!json.includes(LINE_FEED) && !json.includes(RETURN)) return;
  for (let i = 0; i < json.length; i += 1) if (json[i] === LINE_FEED || json[i] === RETURN) json[i] = SPACE;
}

/** Decodes a part. Of ASCII, which is all one text, a part is cheaper. */
const sliceOf = (json: Buffer, ascii: string | undefined, start: number, end: number): string =>
  ascii === undefined ? json.toString('utf8', start, end) : ascii.slice(start, end);

/** Puts the texts where their numbers are. Of equal members the last one counts, as for `JSON.parse`. */
function fill(value: unknown, places: Places | undefined, texts: readonly JsonText[]): unknown {
  if (places === 'text') return texts[value as number];
  if (places === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { each } = places;
    if (each !== undefined) for (const [i, item] of value.entries()) value[i] = fill(item, each, texts);
    return value;
  }
  const members = value as Record<string, unknown>;
  for (const { name, places: inner } of places.members ?? []) {
    if (Object.hasOwn(members, name)) members[name] = fill(members[name], inner, texts);
  }
  return value;
}
