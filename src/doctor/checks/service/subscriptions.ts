import type { Subscription } from '../../../schemas/subscription.ts';
import { type Finding, ok, warning } from '../../finding.ts';

const BEHIND = 0.5;

/** Durable readers of events that do not read fast enough. */
export function checkSubscriptions(subscriptions: readonly Subscription[]): Finding[] {
  if (subscriptions.length === 0) return [];
  const findings = subscriptions.flatMap(checkOne);
  return findings.length > 0
    ? findings
    : [ok('subscriptions', `All ${subscriptions.length} subscriptions keep up.`)];
}

function checkOne({ name, queue, backlog, maxBacklog, lost }: Subscription): Finding[] {
  const where = `Subscription ${name} of queue ${queue}`;
  const todo = `Check that its reader runs. If nobody reads it: DELETE /queues/${queue}/subscriptions/${name}.`;
  if (lost > 0) {
    return [
      warning('subscription-lost', {
        what: `${where} has lost ${lost.toLocaleString('en-US')} entries. Its backlog is ${backlog} of ${maxBacklog}.`,
        why: 'Its reader never gets these events.',
        todo,
      }),
    ];
  }
  if (backlog < maxBacklog * BEHIND) return [];
  return [
    warning('subscription-behind', {
      what: `${where} is ${backlog.toLocaleString('en-US')} entries behind; it keeps at most ${maxBacklog.toLocaleString('en-US')}.`,
      why: 'Beyond that the oldest events are dropped unread.',
      todo,
    }),
  ];
}
