import { expect, it } from 'vitest';
import type { Core } from '../../../src/core/core.ts';
import { Submitter } from '../../../src/jobs/submit/submitter.ts';
import { configure } from '../../../src/queues/scripts/configure.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

/** What Redis was asked while a job was stored, by command; scripts are named by what they call. */
async function asked(core: Core, job: object): Promise<Record<string, number>> {
  await redis.client.config('RESETSTAT');
  await new Submitter(core).submit({ task: 'echo', queue: 'costs', ...job });
  return commands();
}

async function commands(): Promise<Record<string, number>> {
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)];
  const commands = Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]));
  delete commands['config|resetstat'];
  return commands;
}

it('the event of a submit costs nothing where nobody asks for it', async () => {
  const core = createTestCore(redis.client);
  const keys = core.keySpace.queue('costs');
  const later = { delay: '1h' };
  // The queue is registered, its settings and tasks are cached.
  for (const job of [{}, later]) await asked(core, job);
  const plain = { xadd: 1 };
  const delayed = { evalsha: 1, time: 1, hmget: 1, xadd: 1, zadd: 1 };
  expect(await asked(core, {})).toEqual(plain);
  expect(await asked(core, later)).toEqual(delayed);
  await configure(redis.client, keys, { submitEvents: true });
  await core.submitSettings.refresh(keys);
  const told = { evalsha: 1, time: 1, hmget: 1, hget: 1, xadd: 2 };
  expect(await asked(core, {})).toEqual(told);
  expect(await asked(core, later)).toEqual({ ...told, zadd: 1 });
});

it('a unique submit looks at one place, and a batch without unique jobs at none', async () => {
  const core = createTestCore(redis.client);
  const unique = (key: string) => ({ unique: { key }, queue: 'places' });
  for (const key of ['first', 'second']) await asked(core, unique(key));
  const found = await asked(core, unique('first'));
  // The submit, and the read of the job that it is answered with.
  expect(found).toMatchObject({ evalsha: 2, hget: 2, xrange: 2 });
  for (const write of ['xadd', 'hset', 'hrandfield']) expect(found).not.toHaveProperty(write);
  const stored = await asked(core, unique('new'));
  expect(stored).toMatchObject({ evalsha: 2, xadd: 1, hset: 1, hrandfield: 1 });
  await asked(core, { queue: 'plain' });
  await redis.client.config('RESETSTAT');
  const jobs = [
    { task: 'echo', queue: 'places' },
    { task: 'echo', queue: 'plain' },
  ];
  const { value } = await new Submitter(core).submitTogether(
    jobs.map((job) => ({ ok: true, job })),
    { atomic: true, key: undefined },
  );
  expect(value.map(({ ok }) => ok)).toEqual([true, true]);
  const { 'config|resetstat': _, ...plain } = await commands();
  expect(plain).toEqual({ evalsha: 1, time: 1, hmget: 2, xadd: 2 });
});

it('a batch stores its unique jobs with one script for fifty', async () => {
  const submitter = new Submitter(createTestCore(redis.client));
  const batch = (jobs: number, more: object) =>
    submitter.submitEach(
      Array.from({ length: jobs }, (_, i) => ({
        ok: true as const,
        job: { task: 'echo', queue: 'many', unique: { key: `${i}`, ...more } },
      })),
    );
  await batch(1, {});
  await redis.client.config('RESETSTAT');
  const stored = await batch(120, {});
  expect(stored.filter((one) => one.ok && one.answer === undefined)).toHaveLength(119);
  expect(await commands()).toMatchObject({ evalsha: 3, xadd: 119 });
  // Where one is refused, each job of its fifty goes alone.
  const refused = await batch(121, { onConflict: 'reject' });
  expect(refused.filter(({ ok }) => !ok)).toHaveLength(120);
});
