import { expect, it } from 'vitest';
import { KeySpace } from '../../src/redis/keyspace.ts';

it('the keys of a queue are made once', () => {
  const keySpace = new KeySpace('mr');
  expect(keySpace.queue('a')).toBe(keySpace.queue('a'));
  expect(keySpace.queue('a').queue).toBe('a');
});

it('the number of cached queues is bounded', () => {
  const keySpace = new KeySpace('mr');
  const first = keySpace.queue('q0');
  for (let i = 1; i <= 1_000; i += 1) keySpace.queue(`q${i}`);
  expect(keySpace.queue('q0')).not.toBe(first);
  expect(keySpace.queue('q0')).toMatchObject({ queue: 'q0', leases: first.leases });
});

it('every key has the prefix', () => {
  const keySpace = new KeySpace('other');
  const keys = [
    keySpace.queues,
    keySpace.httpQueues,
    keySpace.schedules,
    keySpace.scheduledQueues,
    keySpace.scheduleHeal,
    keySpace.scheduleLock('x'),
    keySpace.configurations,
    keySpace.probe,
    keySpace.queue('q').events,
  ];
  expect(new Set(keys).size).toBe(keys.length);
  for (const key of keys) expect(key.startsWith('other:')).toBe(true);
});
