import { isAscii } from 'node:buffer';
import { Slices } from '../../slices.ts';
import type { TextSpan } from './facts.ts';
import { JsonText } from './json-text.ts';
import type { Places } from './places.ts';
import { type JsonScan, scanJson } from './scan.ts';
import type { JsonScanner } from './scanner.ts';

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
  const whole = { start: 0, end: json.length };
  return parsePart(sourceOf(json, scan, isPlain), whole, scan.texts, places);
}

/** As `parseScanned`, but parses each item of a list with places by itself. Others get their turn in between. */
export async function parseItemsInSlices(
  json: Buffer,
  scan: JsonScanner,
  places: Places | undefined,
  isPlain: boolean,
): Promise<unknown> {
  const { texts, items: listed } = scan;
  // No request may have so many items: its reader refuses it.
  if (!listed.areAllKnown) return parseScanned(json, scan, places, isPlain);
  const source = sourceOf(json, scan, isPlain);
  const items = await new Slices().map(listed.spans, (item): ParsedSpan => {
    const { start, end } = item;
    const inside = texts.slice(item.firstText, item.endText);
    return { start, end, value: parsePart(source, item, inside, item.places) };
  });
  const spans: (TextSpan | ParsedSpan)[] = [];
  let next = 0;
  for (const [i, { firstText, endText }] of listed.spans.entries()) {
    for (; next < firstText; next += 1) spans.push(texts[next] as TextSpan);
    spans.push(items[i] as ParsedSpan);
    next = endText;
  }
  for (; next < texts.length; next += 1) spans.push(texts[next] as TextSpan);
  return parsePart(source, { start: 0, end: json.length }, spans, places && withWholeItems(places));
}

/** A document that is parsed, or a part of it. */
interface Source {
  readonly json: Buffer;
  /** All of it, where it is ASCII. */
  readonly ascii: string | undefined;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

/** An item that has been parsed. */
interface ParsedSpan extends Span {
  readonly value: unknown;
}

function sourceOf(json: Buffer, { texts }: JsonScan, isPlain: boolean): Source {
  if (texts.length > 0) toOneLine(json);
  return { json, ascii: isPlain ? json.toString('latin1') : undefined };
}

/** Parses a part with a number in place of each span, and then puts the values of the spans there. */
function parsePart(
  source: Source,
  { start, end }: Span,
  spans: readonly (TextSpan | ParsedSpan)[],
  places: Places | undefined,
): unknown {
  let numbered = '';
  let from = start;
  const values: unknown[] = [];
  for (const span of spans) {
    numbered += sliceOf(source, from, span.start) + values.length;
    values.push(
      'value' in span ? span.value : JsonText.scanned(sliceOf(source, span.start, span.end), span.facts),
    );
    from = span.end;
  }
  numbered += sliceOf(source, from, end);
  return fill(JSON.parse(numbered), places, values);
}

/** Places of a document whose items are spans. */
function withWholeItems(places: Places): Places {
  if (places === 'text') return places;
  const { each, members } = places;
  return {
    ...(each !== undefined && { each: 'text' as const }),
    ...(members && {
      members: members.map((member) => ({ ...member, places: withWholeItems(member.places) })),
    }),
  };
}

const [LINE_FEED, RETURN, SPACE] = [0x0a, 0x0d, 0x20];

/** Texts are on one line. JSON has line breaks between its tokens only, and may have a million of them. */
function toOneLine(json: Buffer): void {
  if (!json.includes(LINE_FEED) && !json.includes(RETURN)) return;
  for (let i = 0; i < json.length; i += 1) if (json[i] === LINE_FEED || json[i] === RETURN) json[i] = SPACE;
}

/** Decodes a part. Of ASCII, which is all one text, a part is cheaper. */
const sliceOf = ({ json, ascii }: Source, start: number, end: number): string =>
  ascii === undefined ? json.toString('utf8', start, end) : ascii.slice(start, end);

/** Puts the values where their numbers are. Of equal members the last one counts, as for `JSON.parse`. */
function fill(value: unknown, places: Places | undefined, values: readonly unknown[]): unknown {
  if (places === 'text') return values[value as number];
  if (places === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const { each } = places;
    if (each !== undefined) for (const [i, item] of value.entries()) value[i] = fill(item, each, values);
    return value;
  }
  const members = value as Record<string, unknown>;
  for (const { name, places: inner } of places.members ?? []) {
    if (Object.hasOwn(members, name)) members[name] = fill(members[name], inner, values);
  }
  return value;
}
