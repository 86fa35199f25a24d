import { describe, expect, it } from 'vitest';
import {
  compareEntryIds,
  decodeEntry,
  encodeEntry,
  formatJobId,
  formatRef,
  maxAttempts,
  parseJobId,
  parseRef,
  runAtOf,
} from '../../src/redis/entry.ts';
import { queueKeys } from '../../src/redis/keys.ts';

describe('a job id', () => {
  it.each([
    ['default', { place: 'normal', entryId: '1769860800000-0' }],
    ['a.b_c-d', { place: 'parked', entryId: '1769860800000-12345' }],
    ['q'.repeat(64), { place: 'critical', entryId: '18446744073709551615-18446744073709551615' }],
  ] as const)('of queue %s comes back as it was', (queue, ref) => {
    const id = formatJobId(queue, ref);
    expect(id).toMatch(/^[A-Za-z0-9_.~-]{1,96}$/);
    expect(parseJobId(id)).toEqual({ queue, ref });
  });

  it.each([
    '',
    'default',
    'default~n',
    'default~x1-0',
    'default~n01-0',
    'default~N1-0',
    'default~nzzzzzzzzzzzzz-0',
    '~n1-0',
    'a~b~n1-0',
    'default~n1-0 ',
    'a:b~n1-0',
  ])('is not %j', (text) => {
    expect(parseJobId(text)).toBeUndefined();
  });
});

describe('an entry', () => {
  it('comes back as it was', () => {
    const fields = encodeEntry('echo', '{"a":1}', { a: 3, m: { x: 'y' } });
    expect(decodeEntry(fields)).toEqual({
      task: 'echo',
      payload: '{"a":1}',
      value: { a: 1 },
      options: { a: 3, m: { x: 'y' } },
    });
  });

  it('always has the same fields in the same order, so that Redis stores their names once', () => {
    const names = (fields: string[]) => fields.filter((_, i) => i % 2 === 0);
    expect(names(encodeEntry('a', '1', {}))).toEqual(['t', 'p', 'o']);
    expect(names(encodeEntry('b', '2', { d: 5 }))).toEqual(['t', 'p', 'o']);
  });

  it.each([
    [[]],
    [['t', 'echo']],
    [['p', '1', 't', 'echo', 'o', '']],
    [['t', '', 'p', '1', 'o', '']],
    [['t', 'echo', 'p', '{', 'o', '']],
    [['t', 'echo', 'p', '1', 'o', '{']],
    [['t', 'echo', 'p', '1', 'o', '7']],
    [['t', 'echo', 'p', '1', 'o', 'null']],
  ])('is not %j', (fields) => {
    expect(decodeEntry(fields)).toBeUndefined();
  });

  it('reads each entry by its own options, whatever came before', () => {
    const optionsOf = (text: string) => decodeEntry(['t', 'echo', 'p', '1', 'o', text])?.options;
    for (const [text, options] of [
      ['', {}],
      ['{"a":2}', { a: 2 }],
      ['{"a":2}', { a: 2 }],
      ['', {}],
      ['{"a":0}', undefined],
      ['{"a":0}', undefined],
      ['{"a":3}', { a: 3 }],
    ] as const) {
      expect(optionsOf(text)).toEqual(options);
    }
  });

  it('takes its limits from the job, else from the task, else the defaults', () => {
    expect(maxAttempts({ a: 2 }, { attempts: 9 })).toBe(2);
    expect(maxAttempts({}, { attempts: 9 })).toBe(9);
    expect(maxAttempts({}, undefined)).toBe(5);
    expect(runAtOf(1_000, { d: 500 })).toBe(1_500);
    expect(runAtOf(1_000, { at: 7 })).toBe(7);
    expect(runAtOf(1_000, {})).toBeUndefined();
  });
});

describe('a ref', () => {
  it('names stream and entry', () => {
    expect(formatRef({ place: 'low', entryId: '5-1' })).toBe('l5-1');
    expect(parseRef('p5-1')).toEqual({ place: 'parked', entryId: '5-1' });
    expect(() => parseRef('x5-1')).toThrow(RangeError);
  });
});

describe('the keys of a queue', () => {
  it('share one hash tag', () => {
    const keys = queueKeys('mr', 'default');
    const all = [
      ...Object.values(keys.stream),
      ...Object.values(keys.due),
      ...Object.values(keys.dead),
      keys.scheduled,
      keys.leases,
      keys.notes,
      keys.events,
      keys.control,
      keys.wake,
      keys.totals,
      keys.settings,
      keys.tasks,
      keys.samples,
      keys.latency(1),
      keys.result('n1-0'),
    ];
    expect(new Set(all).size).toBe(all.length);
    for (const key of all) expect(key.startsWith('mr:{default}:')).toBe(true);
    expect(queueKeys('mr', 'default', 2).leases).toBe('mr:{default/2}:leases');
  });
});

describe('entry ids', () => {
  it('are in the order of their stream', () => {
    const ordered = [
      '0-1',
      '5-0',
      '5-9',
      '5-10',
      '12-3',
      '1700000000000-0',
      '1700000000000-2',
      '1700000000001-1',
    ];
    expect([...ordered].reverse().sort(compareEntryIds)).toEqual(ordered);
    expect(compareEntryIds('5-9', '5-9')).toBe(0);
  });
});
