import { describe, expect, it } from 'vitest';
import { inMembers } from '../../../src/schemas/json/places.ts';
import { scanJson } from '../../../src/schemas/json/scan.ts';

describe('the texts of a document', () => {
  const places = inMembers({
    payload: 'text',
    job: inMembers({ payload: 'text' }),
    jobs: { each: 'text' },
    done: { ...inMembers({ result: 'text' }), each: inMembers({ result: 'text' }) },
  });
  const textsOf = (document: string) => {
    const bytes = Buffer.from(document);
    return scanJson(bytes, places)?.texts.map(({ start, end }) => bytes.toString('utf8', start, end));
  };

  it.each([
    ['{"payload": 1.0 }', ['1.0']],
    ['{"a":{"payload":2},"payload":[ {"payload":3} ]}', ['[ {"payload":3} ]']],
    ['{"é":"日","payload":"é😀"}', ['"é😀"']],
    ['{"payl\\u006fad":-0}', ['-0']],
    ['{"payload":1,"payload":2}', ['1', '2']],
    ['{"job":{"payload":1e400,"x":2}}', ['1e400']],
    ['{"job":[{"payload":1}]}', []],
    ['{"jobs":[1,{"a":2},[]],"payload":""}', ['1', '{"a":2}', '[]', '""']],
    ['{"jobs":{"0":1}}', []],
    ['{"done":{"result":1}}', ['1']],
    ['{"done":[{"result":1},{"id":2},3]}', ['1']],
    ['[{"payload":1}]', []],
    ['{"jobs":[],"job":{}}', []],
  ])('are found in %s', (document, expected) => {
    expect(textsOf(document)).toEqual(expected);
  });

  it('have facts of their own', () => {
    const scan = scanJson(
      Buffer.from('{"a":"\\ud83d","payload":[["\\ude00"]],"jobs":[{"__proto__":1},[]]}'),
      places,
    );
    expect(scan?.head).toEqual({ depth: 2, hasLoneSurrogate: true, loneSurrogate: '/a' });
    expect(scan?.texts.map((text) => text.facts)).toEqual([
      { depth: 2, hasLoneSurrogate: true, loneSurrogate: '/0/0' },
      { depth: 1, hasLoneSurrogate: false, pollution: '/__proto__' },
      { depth: 1, hasLoneSurrogate: false },
    ]);
  });

  it.each(['{"payload":}', '{"payload":[}', '{"jobs":[1,]}', '{"job":{"payload":1}', '{"payload":1}}'])(
    'are none in %s, which is not JSON',
    (document) => {
      expect(textsOf(document)).toBeUndefined();
    },
  );
});
