import { expect, it } from 'vitest';
import { withoutMark } from '../../../src/http/request/bom.ts';

it.each([
  ['\ufeff{}', '{}'],
  ['{}', '{}'],
  ['', ''],
  ['\ufeff', ''],
  ['\ufeff\ufeffa', '\ufeffa'],
])('%j without its byte order mark is %j', (text, rest) => {
  expect(withoutMark(Buffer.from(text)).toString()).toBe(rest);
});
