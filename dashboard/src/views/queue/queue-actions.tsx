import type { JSX } from 'preact';
import { request } from '../../net/api.ts';
import { pathOf } from '../../net/places.ts';
import type { QueueSummary } from '../../net/types.ts';
import { ActButton } from '../../parts/act.tsx';
import { plural } from '../../parts/format.ts';
import { useCanManage, useCanSubmit } from '../../state/abilities.ts';
import { act, actAfter } from '../../state/notices.ts';
import { addressOf, go } from '../../state/router.ts';

export function QueueActions({ queue }: { queue: QueueSummary }): JSX.Element {
  const { name, paused } = queue;
  const mayManage = useCanManage(name);
  const maySubmit = useCanSubmit();
  return (
    <>
      <a class="button" href={addressOf(['jobs'], { queue: name })}>
        Jobs
      </a>
      {maySubmit && (
        <a class="button" href={addressOf(['submit'], { queue: name })}>
          Submit
        </a>
      )}
      {mayManage && (
        <ActButton run={() => (paused ? resume(name) : pause(queue))}>
          {paused ? 'Resume' : 'Pause'}
        </ActButton>
      )}
      {mayManage && (
        <ActButton class="danger" run={() => remove(queue)}>
          Remove
        </ActButton>
      )}
    </>
  );
}

const resume = (name: string) =>
  act(`${name} goes on`, () => request(`${pathOf('queues', name)}/resume`, { method: 'POST' }));

const pause = ({ name, counts }: QueueSummary) =>
  actAfter(
    {
      title: `Pause ${name}?`,
      text: `Workers take no more jobs of it until it is resumed. The ${plural(counts.running, 'job')} that run now end as usual.`,
      verb: 'Pause',
      isDangerous: false,
    },
    `${name} is paused`,
    () => request(`${pathOf('queues', name)}/pause`, { method: 'POST' }),
  );

/** The most requests of a removal: each removes a part. */
const MOST_STEPS = 10_000;

const remove = ({ name, counts }: QueueSummary) => {
  const jobs = Object.values(counts).reduce((sum, value) => sum + value, 0);
  return actAfter(
    {
      title: `Remove ${name}?`,
      text: `Its ${plural(jobs, 'job')} are cancelled or removed, with its schedules, settings, subscriptions and events. Nobody can bring them back. A worker that serves it makes it again, empty.`,
      verb: 'Remove the queue',
      isDangerous: true,
    },
    `${name} is removed`,
    async () => {
      const path = pathOf('queues', name);
      for (let step = 0; step < MOST_STEPS; step += 1) {
        const { status } = await request(path, { method: 'DELETE', query: { force: true } });
        if (status === 204) break;
      }
      go(addressOf([]));
    },
  );
};
