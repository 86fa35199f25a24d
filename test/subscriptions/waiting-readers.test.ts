import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { queueKeys } from '../../src/redis/keys.ts';
import { WaitingReaders } from '../../src/subscriptions/waiting-readers.ts';
import { until } from '../helpers/redis/server.ts';

const keys = queueKeys('mr', 'q');

/** A reader that waits and never finds an event; counts its reads. */
function startReader(readers: WaitingReaders, waitMs = 20_000, dueInMs?: number) {
  let disconnect = () => {};
  const seen = { reads: 0 };
  const readPage = async () => {
    seen.reads += 1;
    return { dueInMs };
  };
  const requester = {
    onDisconnect: (end: () => void) => {
      disconnect = end;
    },
  };
  const page = readers.wait(keys, 'sub', waitMs, requester, readPage, () => true);
  return { seen, page, disconnect: () => disconnect() };
}

describe('WaitingReaders', () => {
  const newReaders = (max = 10) => new WaitingReaders({ watch: async () => () => {} }, max, systemClock);

  it('stops reading for a client that has disconnected, and lets the next one read', async () => {
    const readers = newReaders();
    const first = startReader(readers);
    const second = startReader(readers);
    await until(() => first.seen.reads === 1, 'a read of the first');
    first.disconnect();
    expect(await first.page).toBeUndefined();
    expect(first.seen.reads).toBe(1);
    await until(() => second.seen.reads === 1, 'a read of the second');
    readers.stop();
    expect(await second.page).toBeUndefined();
    expect(second.seen.reads).toBe(1);
  });

  it('never reads for a client that disconnects before its turn', async () => {
    const readers = newReaders();
    const first = startReader(readers);
    const second = startReader(readers);
    second.disconnect();
    expect(await second.page).toBeUndefined();
    expect(second.seen.reads).toBe(0);
    readers.stop();
    await first.page;
  });

  it('returns the last page when the wait is over', async () => {
    const { page, seen } = startReader(newReaders(), 1);
    expect(await page).toEqual({ dueInMs: undefined });
    expect(seen.reads).toBeGreaterThan(0);
  });

  it('reads again when events are due again, without a new event', async () => {
    const readers = newReaders();
    const { page, seen } = startReader(readers, 20_000, 1);
    await until(() => seen.reads >= 3, 'three reads');
    readers.stop();
    expect(await page).toBeUndefined();
  });

  it('reads no page for a reader that comes after the stop', async () => {
    const readers = newReaders();
    readers.stop();
    const { page, seen } = startReader(readers);
    expect(await page).toBeUndefined();
    expect(seen.reads).toBe(0);
  });

  it('rejects more readers than allowed, until one has ended', async () => {
    const readers = newReaders(1);
    const first = startReader(readers);
    await expect(startReader(readers).page).rejects.toMatchObject({ code: 'too-many-waiters' });
    first.disconnect();
    await first.page;
    const next = startReader(readers);
    readers.stop();
    expect(await next.page).toBeUndefined();
  });
});
