import { describe, expect, it } from 'vitest';
import {
  checkOptions,
  decodeOptions,
  encodeOptions,
  expiryOf,
  maxAttempts,
  priorityOf,
  runAtOf,
  timeoutMs,
} from '../../src/redis/entry-options.ts';

describe('the options of an entry', () => {
  it('are an empty text when there are none', () => {
    expect(encodeOptions({})).toBe('');
    expect(decodeOptions('')).toEqual({});
  });

  it('survive encoding and decoding', () => {
    const options = {
      pr: 'high',
      d: 5,
      a: 3,
      b: { type: 'fixed', delay: 1 },
      m: { x: 'y' },
      k: true,
    } as const;
    expect(decodeOptions(encodeOptions(options))).toEqual(options);
  });

  it.each([
    null,
    7,
    { a: 0 },
    { d: -1 },
    { at: 8.64e15 + 1 },
    { m: { x: 1 } },
    { k: false },
    { tp: 'x\r\nhost: y' },
    { tp: 'x' },
    { ts: 'a=\n' },
  ])('are not %j', (value) => {
    expect(checkOptions(value)).toBeUndefined();
  });

  it('limit a job before its task does, and the task before the defaults', () => {
    expect(maxAttempts({ a: 2 }, { attempts: 9 })).toBe(2);
    expect(maxAttempts({}, { attempts: 9 })).toBe(9);
    expect(maxAttempts({}, undefined)).toBe(5);
    expect(timeoutMs({ to: 2 }, { timeoutMs: 9 })).toBe(2);
    expect(timeoutMs({}, { timeoutMs: 9 })).toBe(9);
  });

  it('tell when a job may start and when it expires', () => {
    expect(runAtOf(1_000, { d: 500 })).toBe(1_500);
    expect(runAtOf(1_000, { at: 7 })).toBe(7);
    expect(runAtOf(1_000, {})).toBeUndefined();
    expect(expiryOf(1_000, { x: 500 })).toBe(1_500);
    expect(expiryOf(1_000, {})).toBeUndefined();
  });

  it('hold the priority of a parked job; elsewhere the lane is the priority', () => {
    expect(priorityOf('parked', { pr: 'high' })).toBe('high');
    expect(priorityOf('parked', {})).toBe('normal');
    expect(priorityOf('low', {})).toBe('low');
  });
});
