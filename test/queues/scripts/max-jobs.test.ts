import { expect, it } from 'vitest';
import { submitTogether } from '../../../src/jobs/submit/scripts/submit.ts';
import { setMaxJobs } from '../../../src/queues/scripts/max-jobs.ts';
import { useQueueOfTwo } from '../../helpers/lifecycle/queue-of-two.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const queue = useQueueOfTwo(redis);

it('limits the open jobs of a queue until the limit is removed', async () => {
  const { keys } = queue;
  const submit = () =>
    submitTogether(redis.client, [{ keys, place: 'low', task: 'echo', payload: '1', options: {} }]);
  await setMaxJobs(redis.client, keys, 1);
  expect(await submit()).toMatchObject({ kind: 'stored' });
  expect(await submit()).toEqual({ kind: 'full', queue: keys.queue, maxJobs: 1 });
  await setMaxJobs(redis.client, keys, null);
  expect(await submit()).toMatchObject({ kind: 'stored' });
});
