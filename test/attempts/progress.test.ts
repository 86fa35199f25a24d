import { describe, expect, it, vi } from 'vitest';
import { encodeProgress, encodeReportedProgress, MAX_PROGRESS } from '../../src/attempts/progress.ts';
import { JsonText } from '../../src/schemas/json/json-text.ts';

const longest = 'x'.repeat(MAX_PROGRESS - 2);

describe.each([
  ['of a handler', encodeProgress],
  ['over HTTP', encodeReportedProgress],
] as const)('progress %s', (_, encode) => {
  it('is stored as JSON of at most 16,000 characters', () => {
    expect(encode({ done: 1 })).toBe('{"done":1}');
    expect(encode(longest)).toHaveLength(MAX_PROGRESS);
    expect(encode(undefined)).toBe('null');
  });
});

it('progress of a handler must be JSON, and no longer', () => {
  expect(() => encodeProgress(() => 1)).toThrow('The progress is a function');
  expect(() => encodeProgress(`${longest}x`)).toThrow(
    'progress must be JSON of at most 16000 characters; it has 16001',
  );
  expect(() => encodeProgress(`${longest}x`)).toThrow(TypeError);
});

it('progress over HTTP that is too long or too deep is kept as a text', () => {
  expect(JSON.parse(encodeReportedProgress(`${longest}x`))).toMatch(/^x{2000}…$/);
  expect(JSON.parse(encodeReportedProgress([longest]))).toMatch(/^\["x+…$/);
  expect(encodeReportedProgress('\u0000'.repeat(MAX_PROGRESS)).length).toBeLessThanOrEqual(MAX_PROGRESS);
  let deep: unknown = 1;
  for (let i = 0; i < 5_000; i += 1) deep = [deep];
  expect(JSON.parse(encodeReportedProgress(deep))).toContain('too deeply');
});

it('progress has U+FFFD for lone surrogates, and is shown as a text when it is nested too deeply', () => {
  let deep: unknown = 1;
  for (let i = 0; i < 100; i += 1) deep = [deep];
  for (const encode of [encodeProgress, encodeReportedProgress]) {
    expect(encode({ a: '\ud83d' })).toBe('{"a":"\\ufffd"}');
    expect(JSON.parse(encode(deep))).toContain('too deeply');
  }
});

it('long progress over HTTP is not parsed unless it is a text', () => {
  const list = JsonText.of(Array(MAX_PROGRESS).fill(1));
  const parse = vi.spyOn(JSON, 'parse');
  const kept = encodeReportedProgress(list);
  expect(parse).not.toHaveBeenCalled();
  parse.mockRestore();
  expect(JSON.parse(kept)).toMatch(/^\[1,1,.*…$/);
});
