import fc from 'fast-check';
import { expect, it } from 'vitest';
import { JsonText } from '../../../src/schemas/json/json-text.ts';
import { parseAround, parseItemsInSlices } from '../../../src/schemas/json/parse-around.ts';
import { inMembers } from '../../../src/schemas/json/places.ts';
import { JsonScanner } from '../../../src/schemas/json/scanner.ts';

const PLACES = inMembers({ payload: 'text', items: { each: inMembers({ payload: 'text' }) } });
const parse = (text: string) => parseAround(Buffer.from(text), PLACES);
function parseItems(text: string): Promise<unknown> {
  const json = Buffer.from(text);
  const scanner = new JsonScanner(json, PLACES);
  expect(scanner.read()).toBe('json');
  return parseItemsInSlices(json, scanner, PLACES, false);
}

it('the values at the places are texts, and all others are parsed', () => {
  expect(parse('{"n":1.0,"payload":1.0,"items":[{"payload":"é"},{"m":[2]}]}')).toEqual({
    n: 1,
    payload: JsonText.read('1.0'),
    items: [{ payload: JsonText.read('"é"') }, { m: [2] }],
  });
});

it('of equal members the last one counts, as for JSON.parse', () => {
  expect(parse('{"payload":1.0,"payload":2.0}')).toEqual({ payload: JsonText.read('2.0') });
  expect(parse('{"items":[{"payload":3.0}],"items":[{"payload":4.0},5]}')).toEqual({
    items: [{ payload: JsonText.read('4.0') }, 5],
  });
});

const documents = fc.record(
  {
    payload: fc.jsonValue(),
    items: fc.oneof(fc.jsonValue(), fc.array(fc.record({ payload: fc.jsonValue(), x: fc.jsonValue() }))),
    other: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

it('the parsed texts and the rest together are what JSON.parse gives', () => {
  fc.assert(
    fc.property(documents, fc.nat(3), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      // `JSON.stringify` parses the texts.
      expect(JSON.parse(JSON.stringify(parse(text)))).toEqual(JSON.parse(text));
    }),
  );
});

it('a document that is not JSON is undefined', () => {
  expect(parse('{"payload":1')).toBeUndefined();
});

it('texts are on one line, however the document is broken into lines', () => {
  expect(parse('{\r\n"n":"\\n",\n"payload":\n[\n1,\r\n"é\\n"]}')).toEqual({
    n: '\n',
    payload: JsonText.read('[ 1,  "é\\n"]'),
  });
});

it('a document that is parsed item by item is the same', async () => {
  const same = async (text: string) => {
    expect(await parseItems(text)).toEqual(parse(text));
  };
  const property = fc.asyncProperty(documents, fc.nat(3), (value, indent) =>
    same(JSON.stringify(value, null, indent)),
  );
  await fc.assert(property);
  await same(
    '{"items":[{"payload":3.0}],"payload":1.0,"items":[ {"payload":4.0} , [] ,5,{} ],"payload":[2]}',
  );
  await same(`{"items":[${'{"payload":[]},'.repeat(10_005)}1]}`);
});
