import { describe, expect, it } from 'vitest';
import type { Settled, Unrunnable } from '../../../src/lifecycle/consumer.ts';
import { createObserver, type ServiceEvent } from '../../../src/observer.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { Holder } from '../../../workers/run/holder.ts';

const keys = queueKeys('mr', 'q');
const job = (entryId: string): Unrunnable => ({
  ref: { place: 'normal', entryId },
  token: 1,
  priority: 'normal',
  readyAt: 0,
  reason: 'task:a',
  refusers: [],
  expiresAt: undefined,
});

function create(answer: (jobs: readonly Unrunnable[]) => Promise<Settled[]>) {
  const events: ServiceEvent[] = [];
  const calls: string[][] = [];
  const log: unknown[] = [];
  const holder = new Holder(
    {
      hold: (_, jobs) => {
        calls.push(jobs.map(({ ref }) => ref.entryId));
        return answer(jobs);
      },
    },
    'lease',
    createObserver({ wants: () => true, observe: (event) => events.push(event) }),
  );
  const hold = (entryId: string, of = keys) =>
    new Promise<void>((resolve) => {
      const settle = (value: unknown) => {
        log.push(value);
        resolve();
      };
      holder.hold(of, { job: job(entryId), onSettled: settle, onError: settle });
    });
  return { hold, calls, events, log };
}

describe('jobs that a worker cannot run', () => {
  it('of one turn are held by one call for each queue, and each learns its outcome', async () => {
    const { hold, calls, events, log } = create(async ([first]) =>
      first?.ref.entryId === '3-0' ? ['done'] : ['done', 'stale'],
    );
    await Promise.all([hold('1-0'), hold('2-0'), hold('3-0', queueKeys('mr', 'other'))]);
    expect(calls).toEqual([['1-0', '2-0'], ['3-0']]);
    expect(log).toEqual(['done', 'stale', 'done']);
    expect(events).toContainEqual({ kind: 'jobs-held', queue: 'q', lease: 'lease', jobs: 2 });
    await hold('4-0');
    expect(calls).toHaveLength(3);
  });

  it('all learn of an error', async () => {
    const error = new Error('no Redis');
    const { hold, log, events } = create(() => Promise.reject(error));
    await Promise.all([hold('1-0'), hold('2-0')]);
    expect([log, events]).toEqual([[error, error], []]);
  });
});
