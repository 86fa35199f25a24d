import { expect, it } from 'vitest';
import { formatLease, parseLease } from '../../src/leases/lease-token.ts';
import { newConsumerName, newLeaseName } from '../../src/lifecycle/consumer-name.ts';
import { MAX_LEASE_MS, MAX_LEASED_QUEUES, MIN_LEASE_MS } from '../../src/schemas/lease.ts';

const queues = Array.from({ length: MAX_LEASED_QUEUES }, (_, i) => `q${i}`);
const lease = { consumer: newLeaseName('py-1@host'), leaseMs: 30_000, queues };

it('survives formatting and parsing, whatever the worker and the duration', () => {
  const names = ['py-1@host', '', 'ü b~c', 'x'.repeat(255), '~', 'a.b'];
  for (const consumer of names.flatMap((name) => [newLeaseName(name), newLeaseName(name, 'key 1')])) {
    for (const leaseMs of [MIN_LEASE_MS, MAX_LEASE_MS]) {
      const made = { ...lease, consumer, leaseMs };
      expect(parseLease(formatLease(made))).toEqual(made);
    }
  }
});

it('is refused when POST /leases cannot have returned it', () => {
  const wrong = [
    { ...lease, consumer: newConsumerName(123) },
    { ...lease, consumer: 'host' },
    { ...lease, consumer: `${'x'.repeat(65)}.${'0'.repeat(24)}` },
    { ...lease, leaseMs: 0 },
    { ...lease, leaseMs: MIN_LEASE_MS - 1 },
    { ...lease, leaseMs: MAX_LEASE_MS + 1 },
    { ...lease, leaseMs: 36 ** 7 - 1 },
    { ...lease, queues: [] },
    { ...lease, queues: ['a', 'b', 'a'] },
    { ...lease, queues: [...queues, 'more'] },
    { ...lease, queues: ['no queue'] },
  ];
  for (const one of wrong) expect(parseLease(formatLease(one)), formatLease(one)).toBeUndefined();
  for (const text of ['', 'nonsense', '~~', `${lease.consumer}~-1~a`, `${lease.consumer}~N5C~a`]) {
    expect(parseLease(text), text).toBeUndefined();
  }
});
