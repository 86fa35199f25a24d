import { describe, expect, it } from 'vitest';
import { outcomesOf, settleItems, tasksOf } from '../../../src/leases/settle/settle-items.ts';
import { MAX_SETTLED } from '../../../src/schemas/settle.ts';

const items = (body: Record<string, unknown>) => settleItems(body, 1_000);
const kinds = (body: Record<string, unknown>) => items(body).map(({ id, kind }) => [id, kind]);

describe('the items of a settle', () => {
  it('come in the order complete, fail, release', () => {
    expect(
      kinds({ release: [{ id: 'c' }], fail: [{ id: 'b', error: 'x' }], complete: [{ id: 'a' }] }),
    ).toEqual([
      ['a', 'completed'],
      ['b', 'failed'],
      ['c', 'released'],
    ]);
  });

  it('are unreadable without an id, or with one that is named before; the others are not', () => {
    expect(
      kinds({ complete: [{ id: 'a' }, null, 'b', { id: 5 }, []], fail: [{ id: 'a' }], release: null }),
    ).toEqual([
      ['a', 'completed'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['a', 'unreadable'],
    ]);
    expect(items({ complete: [{ id: 'a' }, {}] })[1]).toMatchObject({
      error: { code: 'invalid-request', errors: [{ pointer: '/complete/1/id' }] },
    });
  });

  it('may be one without a list', () => {
    expect(kinds({ complete: { id: 'a' } })).toEqual([['a', 'completed']]);
  });

  it.each([
    ['no job', {}, 'must have at least one job in complete, fail or release'],
    [
      'too many jobs',
      { complete: Array.from({ length: MAX_SETTLED }, (_, i) => ({ id: `a${i}` })), release: [{ id: 'b' }] },
      `must have at most ${MAX_SETTLED} jobs in all; none is settled, so send them in several requests`,
    ],
  ])('are refused with %s', (_, body, detail) => {
    expect(() => items(body)).toThrow(
      expect.objectContaining({ code: 'invalid-request', errors: [{ pointer: '', detail }] }),
    );
  });

  it('get their outcomes in their order', () => {
    const read = items({ complete: [{ id: 'a' }, {}, { id: 'b' }] });
    const outcome = (id: string) => ({ id, ok: true, status: 'completed' }) as const;
    expect(outcomesOf(read, [outcome('a'), outcome('b')])).toMatchObject([
      outcome('a'),
      { id: '', ok: false },
      outcome('b'),
    ]);
  });
});

it('the tasks of a settle are names, or absent', () => {
  expect([tasksOf(undefined), tasksOf(null), tasksOf(['fib'])]).toEqual([undefined, undefined, ['fib']]);
  expect(() => tasksOf('fib')).toThrow(
    expect.objectContaining({ errors: [expect.objectContaining({ pointer: '/tasks' })] }),
  );
});
