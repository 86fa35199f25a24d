import type { JSX } from 'preact';
import { all, request } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { Subscription } from '../../net/types.ts';
import { ActButton } from '../../parts/act.tsx';
import { Badge, Card, When } from '../../parts/bits.tsx';
import { count, plural } from '../../parts/format.ts';
import { useLoad } from '../../state/load.ts';
import { actAfter } from '../../state/notices.ts';

const EVERY_MS = 10_000;

/** The durable readers of the queue's events, and how far behind they are. */
export function QueueSubscriptions({
  queue,
  mayManage,
}: {
  queue: string;
  mayManage: boolean;
}): JSX.Element | null {
  const { data = [] } = useLoad(
    `subscriptions of ${queue}`,
    (signal) => all<Subscription>(`${pathOf('queues', queue)}/subscriptions`, {}, signal),
    { everyMs: EVERY_MS },
  );
  if (data.length === 0) return null;
  return (
    <Card title="Subscriptions">
      <ul class="lines is-stacked">
        {data.map((subscription) => (
          <SubscriptionLine key={subscription.name} subscription={subscription} mayManage={mayManage} />
        ))}
      </ul>
    </Card>
  );
}

export function SubscriptionLine({
  subscription,
  mayManage,
}: {
  subscription: Subscription;
  mayManage: boolean;
}): JSX.Element {
  const { name, backlog, unacked, oldestUnackedAt, lost } = subscription;
  return (
    <li>
      <span class="grow">
        <strong>{name}</strong> {lost > 0 && <Badge tone="bad">{count(lost)} lost</Badge>}
      </span>
      <span class="note">
        {count(backlog)} unread, {count(unacked)} unacknowledged
        {oldestUnackedAt !== undefined && ' since '}
        <When at={oldestUnackedAt} />
      </span>
      {mayManage && (
        <ActButton class="quiet" run={() => remove(subscription)}>
          Remove
        </ActButton>
      )}
    </li>
  );
}

const remove = ({ queue, name, backlog }: Subscription) =>
  actAfter(
    {
      title: `Remove the subscription ${name}?`,
      text: `Its reader loses its place and the ${plural(backlog, 'event')} that it has not read. Nobody can bring them back.`,
      verb: 'Remove subscription',
      isDangerous: true,
    },
    `${name} is removed`,
    () => request(pathOf('queues', queue, 'subscriptions', name), { method: 'DELETE' }),
  );
