import { describe, expect, it } from 'vitest';
import { outcomesOf, settleItems, tasksOf } from '../../../src/leases/settle/settle-items.ts';
import { MAX_SETTLED } from '../../../src/schemas/settle.ts';

const items = (body: Record<string, unknown>) => settleItems(body, 1_000);
const kinds = async (body: Record<string, unknown>) => (await items(body)).map(({ id, kind }) => [id, kind]);

describe('the items of a settle', () => {
  it('come in the order complete, fail, release', async () => {
    expect(
      await kinds({ release: [{ id: 'c' }], fail: [{ id: 'b', error: 'x' }], complete: [{ id: 'a' }] }),
    ).toEqual([
      ['a', 'completed'],
      ['b', 'failed'],
      ['c', 'released'],
    ]);
  });

  it('are unreadable without an id, or with one that is named before; the others are not', async () => {
    expect(
      await kinds({ complete: [{ id: 'a' }, null, 'b', { id: 5 }, []], fail: [{ id: 'a' }], release: null }),
    ).toEqual([
      ['a', 'completed'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['', 'unreadable'],
      ['a', 'unreadable'],
    ]);
    expect((await items({ complete: [{ id: 'a' }, {}] }))[1]).toMatchObject({
      error: { code: 'invalid-request', errors: [{ pointer: '/complete/1/id' }] },
    });
  });

  it('may be one without a list', async () => {
    expect(await kinds({ complete: { id: 'a' } })).toEqual([['a', 'completed']]);
  });

  it.each([
    ['no job', {}, 'must have at least one job in complete, fail or release'],
    [
      'too many jobs',
      { complete: Array.from({ length: MAX_SETTLED }, (_, i) => ({ id: `a${i}` })), release: [{ id: 'b' }] },
      `must have at most ${MAX_SETTLED} jobs in all; none is settled, so send them in several requests`,
    ],
  ])('are refused with %s', async (_, body, detail) => {
    await expect(items(body)).rejects.toMatchObject({
      code: 'invalid-request',
      errors: [{ pointer: '', detail }],
    });
  });

  it('are read in slices: others get their turn between errors with many causes', async () => {
    const causes = Array.from({ length: 1_000 }, () => ({
      message: 'x'.repeat(100),
      stack: 'at y'.repeat(100),
    }));
    const fail = Array.from({ length: 2_000 }, (_, i) => ({
      id: `job-${i}`,
      error: { message: 'many', errors: causes, data: causes },
    }));
    let turns = 0;
    const count = () => {
      turns += 1;
      immediate = setImmediate(count);
    };
    let immediate = setImmediate(count);
    await items({ fail });
    clearImmediate(immediate);
    expect(turns).toBeGreaterThan(1);
  });

  it('get their outcomes in their order', async () => {
    const read = await items({ complete: [{ id: 'a' }, {}, { id: 'b' }] });
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
