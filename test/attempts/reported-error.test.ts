import { describe, expect, it } from 'vitest';
import { isReportedFalse, reportedError, reportedMs } from '../../src/attempts/reported-error.ts';

describe('a reported error', () => {
  it.each<[string, unknown, object]>([
    [
      'an object',
      { message: 'm', name: 'N', stack: 's', data: 0 },
      { message: 'm', name: 'N', stack: 's', data: 0 },
    ],
    ['a text', 'no disk', { message: 'no disk' }],
    ['nothing', undefined, { message: 'The worker reported no error' }],
    ['null', null, { message: 'The worker reported no error' }],
    ['a number', 404, { message: '404' }],
    ['an object without message', { code: 'E' }, { message: '{"code":"E"}' }],
    [
      'a message that is null',
      { message: null, name: 'N' },
      { message: '{"message":null,"name":"N"}', name: 'N' },
    ],
    [
      'members of other types',
      { message: 5, name: { a: 1 }, stack: 7 },
      { message: '5', name: '{"a":1}', stack: '7' },
    ],
    ['members that are null', { message: 'm', name: null, stack: null, data: null }, { message: 'm' }],
    ['a list of lines as its stack', { message: 'm', stack: ['a', 'b'] }, { message: 'm', stack: 'a\nb' }],
    ['unknown members', { message: 'm', file: 'x.php' }, { message: 'm' }],
  ])('is taken as %s', (_, value, error) => {
    expect(reportedError(value)).toMatchObject(error);
  });

  it('is taken however deep it is', () => {
    let deep: unknown = 1;
    for (let i = 0; i < 20_000; i += 1) deep = { deep };
    expect(reportedError({ message: deep }).message).toContain('too deeply');
  });
});

it.each<[unknown, number | undefined]>([
  [1_234.5, 1_235],
  [-5, 0],
  [Number.POSITIVE_INFINITY, 60_000],
  ['250', 250],
  ['30s', 30_000],
  ['', undefined],
  ['soon', undefined],
  [null, undefined],
  [{}, undefined],
  [true, undefined],
])('the milliseconds of %j are %s', (value, ms) => {
  expect(reportedMs(value, { min: 0, max: 60_000 })).toBe(ms);
});

it('false is what languages without a boolean send for it; anything else is true', () => {
  expect([false, 0, '', '0', 'false'].map(isReportedFalse)).toEqual(Array(5).fill(true));
  expect([true, 1, undefined, null, 'no', {}].map(isReportedFalse)).toEqual(Array(6).fill(false));
});
