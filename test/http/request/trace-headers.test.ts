import { describe, expect, it } from 'vitest';
import { traceOf } from '../../../src/http/request/trace-headers.ts';

const IDS = '0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331';
const PARENT = `00-${IDS}-01`;

describe('a traceparent', () => {
  it.each([`00-${IDS}-01`, `00-${IDS}-00`, `00-${IDS}-ff`])('is kept as it came: %s', (traceparent) => {
    expect(traceOf({ traceparent })).toEqual({ traceparent });
  });

  it.each([
    [`01-${IDS}-03`, `00-${IDS}-01`],
    [`cc-${IDS}-02-what-comes-later`, `00-${IDS}-00`],
  ])('of a later version is kept as far as it is known: %s', (traceparent, known) => {
    expect(traceOf({ traceparent })).toEqual({ traceparent: known });
  });

  it.each([
    '',
    'none',
    IDS,
    `00-${IDS}`,
    `00-${IDS}-1`,
    `00-${IDS}-01-more`,
    `00-${IDS}-01 `,
    `ff-${IDS}-01`,
    `0-${IDS}-01`,
    `00-${IDS.toUpperCase()}-01`,
    `00-${'0'.repeat(32)}-b7ad6b7169203331-01`,
    `00-0af7651916cd43dd8448eb211c80319c-${'0'.repeat(16)}-01`,
    `${PARENT}, ${PARENT}`,
    `${PARENT}\n`,
    `02-${IDS}-01.more`,
  ])('that is not valid is ignored: %j', (traceparent) => {
    expect(traceOf({ traceparent, tracestate: 'a=1' })).toBeUndefined();
  });
});

describe('a tracestate', () => {
  const keptOf = (tracestate: string | string[]) => traceOf({ traceparent: PARENT, tracestate })?.tracestate;

  it.each([
    ['a=1', 'a=1'],
    [' a=1 ,, b@c=2;x\t', 'a=1,b@c=2;x'],
    [['a=1', 'b=2'], 'a=1,b=2'],
    ['0tenant@v=x y', '0tenant@v=x y'],
    [`a=${'x'.repeat(256)}`, `a=${'x'.repeat(256)}`],
  ])('is kept without the spaces around its members: %j', (tracestate, kept) => {
    expect(keptOf(tracestate)).toBe(kept);
  });

  it.each([
    '',
    ',',
    'a',
    'A=1',
    '1a=1',
    'a=1,a=2',
    'a=',
    'a=b=c',
    'a=\u00e9',
    'a=1\r\nx: y',
    `a=${'x'.repeat(257)}`,
    `${'a'.repeat(257)}=1`,
    Array.from({ length: 33 }, (_, i) => `k${i}=1`).join(','),
    `a=${'x'.repeat(200)},b=${'x'.repeat(200)},c=${'x'.repeat(200)}`,
  ])('that is not valid, or too long, is ignored, but not its traceparent: %j', (tracestate) => {
    expect(traceOf({ traceparent: PARENT, tracestate })).toEqual({ traceparent: PARENT });
  });

  it('without a traceparent is ignored', () => {
    expect(traceOf({ tracestate: 'a=1' })).toBeUndefined();
  });
});
