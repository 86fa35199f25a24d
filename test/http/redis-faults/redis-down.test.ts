import { describe, it } from 'vitest';
import { expectAway, outageOf, ROUTES, STREAMS } from '../../helpers/api/outage.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const { expectAllAway, expectAllWell, healed, resume, suspend, timed } = outageOf(redis, api);

it('answers waiting polls when Redis goes down', async () => {
  const server = redis.server;
  const body = JSON.stringify({ queues: ['polled'], waitMs: 30_000 });
  const polls = [1, 2, 3].map(() => send(api.origin, { path: '/leases', headers: JSON_TYPE, body }));
  // Once somebody watches the queue, all of them wait.
  await until(
    async () => /cmd=xread /.test(String(await redis.client.client('LIST').catch(() => ''))),
    'polls that wait',
  );
  await server.kill();
  for (const poll of polls) expectAway(await poll);
  redis.replace(await server.restart());
  await healed();
});

describe('while Redis', () => {
  it('is dead, every route answers 503 at once and works after the restart', async () => {
    await api.submit({ task: 'echo' });
    const server = redis.server;
    await server.kill();
    await expectAllAway();
    redis.replace(await server.restart());
    await expectAllWell();
  });

  it('is suspended, every route answers 503 within a second and works when Redis resumes', async () => {
    await api.submit({ task: 'echo' });
    suspend();
    try {
      await expectAllAway();
      // Many at once wait no longer than one.
      const answers = await Promise.all([...ROUTES, ...STREAMS].map(timed));
      for (const answer of answers) expectAway(answer);
    } finally {
      resume();
    }
    await expectAllWell();
  });
});
