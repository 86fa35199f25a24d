import { expect, it } from 'vitest';
import { checkSubscriptions } from '../../../../src/doctor/checks/service/subscriptions.ts';
import type { Subscription } from '../../../../src/schemas/subscription.ts';

const subscription = (changes: Partial<Subscription>): Subscription => ({
  name: 'billing',
  queue: 'default',
  createdAt: '2026-01-31T12:00:00.000Z',
  backlog: 0,
  unacked: 0,
  lost: 0,
  maxBacklog: 1_000,
  ackWaitMs: 30_000,
  ...changes,
});

it.each([
  [[], []],
  [[subscription({ backlog: 100 })], [['subscriptions', 'ok']]],
  [[subscription({ backlog: 600 })], [['subscription-behind', 'warning']]],
  [[subscription({ lost: 3 })], [['subscription-lost', 'warning']]],
])('judges %j', (subscriptions, expected) => {
  expect(checkSubscriptions(subscriptions).map(({ id, level }) => [id, level])).toEqual(expected);
});
