import type { JSX } from 'preact';
import { call } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import { ActButton } from '../../parts/act.tsx';
import { useCanManage } from '../../state/abilities.ts';
import { type Bulk, runBulk } from '../../state/bulk.ts';
import { type Filter, listOf } from './filters.tsx';

interface Step {
  readonly count: number;
  readonly nextCursor?: string;
}

const LIMIT = 1_000;

const isWaiting = (status: string): boolean => /^(queued|scheduled|retrying)$/.test(status);

/** What can be done with all jobs of a search. The API does it for a queue and a status. */
export function BulkActions({ filter }: { filter: Filter }): JSX.Element | null {
  const { queue, status, from, to } = filter;
  const mayManage = useCanManage(queue === '' ? undefined : queue);
  if (!mayManage || !(isWaiting(status) || status === 'failed')) return null;
  if (queue === '' || from !== '' || to !== '') {
    return <p class="bulk">To change all of these at once, name a queue and leave the times open.</p>;
  }
  return (
    <div class="bulk">
      <span>All jobs of this search:</span>
      <span class="actions">
        {status === 'failed' && <ActButton run={() => runBulk(retryOf(filter))}>Retry all…</ActButton>}
        <ActButton class="danger" run={() => runBulk(endOf(filter))}>
          {status === 'failed' ? 'Remove all…' : 'Cancel all…'}
        </ActButton>
      </span>
    </div>
  );
}

/** Only what is given selects. */
const given = ({ task, tag }: Filter) => ({ ...(task !== '' && { task }), ...(tag !== '' && { tag }) });

const retryOf = (filter: Filter): Bulk => ({
  verb: 'retry',
  done: 'retried',
  textOf: (jobs) => `${jobs} of ${filter.queue} wait to run again, each with all its attempts.`,
  isDangerous: false,
  list: listOf(filter),
  step: (cursor, signal) =>
    call<Step>(`${pathOf('queues', filter.queue)}/dead/retry`, {
      method: 'POST',
      body: { ...given(filter), limit: LIMIT, ...(cursor !== undefined && { cursor }) },
      signal,
    }),
});

function endOf(filter: Filter): Bulk {
  const isFailed = filter.status === 'failed';
  return {
    verb: isFailed ? 'remove' : 'cancel',
    done: isFailed ? 'removed' : 'cancelled',
    textOf: (jobs) =>
      isFailed
        ? `${jobs} of ${filter.queue} are deleted with their payloads and errors. Nobody can bring them back.`
        : `${jobs} of ${filter.queue} will not run. Jobs that start before their turn are left alone.`,
    isDangerous: true,
    list: listOf(filter),
    step: (cursor, signal) =>
      call<Step>(`${pathOf('queues', filter.queue)}/jobs`, {
        method: 'DELETE',
        query: { status: filter.status, ...given(filter), limit: LIMIT, cursor },
        signal,
      }),
  };
}
