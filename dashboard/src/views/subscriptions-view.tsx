import type { JSX } from 'preact';
import { all } from '../net/api.ts';
import { pathOf } from '../net/places.ts';
import type { QueueSummary, Subscription } from '../net/types.ts';
import { Card, Empty, Failure, Head, Loading, QueueLink } from '../parts/bits.tsx';
import { count, plural } from '../parts/format.ts';
import { useCanManage } from '../state/abilities.ts';
import { useLoad } from '../state/load.ts';
import { SubscriptionLine } from './queue/subscriptions.tsx';

const EVERY_MS = 10_000;
const MOST_QUEUES = 1_000;
const AT_A_TIME = 6;

interface OfQueue {
  readonly queue: string;
  readonly subscriptions: readonly Subscription[];
}

/** Each queue is asked for its own: the API has no list of all. */
async function readAll(signal: AbortSignal): Promise<{ found: readonly OfQueue[]; queues: number }> {
  const queues = await all<QueueSummary>('queues', {}, signal, MOST_QUEUES);
  const wanted = queues.map(({ name }) => name);
  const found: OfQueue[] = [];
  const read = async (): Promise<void> => {
    for (let queue = wanted.shift(); queue !== undefined; queue = wanted.shift()) {
      const subscriptions = await all<Subscription>(`${pathOf('queues', queue)}/subscriptions`, {}, signal);
      if (subscriptions.length > 0) found.push({ queue, subscriptions });
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, read));
  return { found: found.sort((a, b) => a.queue.localeCompare(b.queue)), queues: queues.length };
}

/** Durable readers of events, and how far behind they are. */
export function SubscriptionsView(): JSX.Element {
  const { data, error } = useLoad('subscriptions', readAll, { everyMs: EVERY_MS });
  return (
    <>
      <Head title="Subscriptions" note={data && `of ${plural(data.queues, 'queue')}`} />
      <Failure error={error} />
      {data === undefined && error === undefined && <Loading />}
      {data?.found.length === 0 && (
        <Empty title="No subscriptions">A durable subscription keeps events until its reader has them.</Empty>
      )}
      {data?.found.map((one) => (
        <QueueCard key={one.queue} of={one} />
      ))}
    </>
  );
}

function QueueCard({ of: { queue, subscriptions } }: { of: OfQueue }): JSX.Element {
  const mayManage = useCanManage(queue);
  return (
    <Card
      className="group"
      title={<QueueLink name={queue} />}
      aside={<span class="note">{count(subscriptions.length)}</span>}
    >
      <ul class="lines">
        {subscriptions.map((subscription) => (
          <SubscriptionLine key={subscription.name} subscription={subscription} mayManage={mayManage} />
        ))}
      </ul>
    </Card>
  );
}
