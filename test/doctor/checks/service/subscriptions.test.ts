import { expect, it } from 'vitest';
import { checkSubscriptions } from '../../../../src/doctor/checks/service/subscriptions.ts';
import { subscription } from '../../../helpers/doctor/states.ts';

it.each([
  [[], []],
  [[subscription({ backlog: 100 })], [['subscriptions', 'ok']]],
  [[subscription({ backlog: 600 })], [['subscription-behind', 'warning']]],
  [[subscription({ lost: 3 })], [['subscription-lost', 'warning']]],
])('judges %j', (subscriptions, expected) => {
  expect(checkSubscriptions(subscriptions).map(({ id, level }) => [id, level])).toEqual(expected);
});
