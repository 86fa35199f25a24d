import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Core, createCore } from '../../../src/core/core.ts';
import { Submitter } from '../../../src/jobs/submit/submitter.ts';
import { connectForAckedWrites, connectForRequests } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { scripts } from '../../../src/scripts.ts';
import { createTestCore } from '../../helpers/redis/core.ts';
import { replicated, useReplicas } from '../../helpers/redis/replicas.ts';
import { untilConnected } from '../../helpers/redis/server.ts';

const redis = useReplicas(1);
let commands: Connection;
let acked: Connection;
let core: Core;

beforeAll(async () => {
  const options = { url: redis.url, name: 'test', scripts };
  commands = connectForRequests(options);
  acked = connectForAckedWrites(options, { replicas: 1, withinMs: 600 });
  await Promise.all([commands, acked].map(untilConnected));
  const { settings } = createTestCore(commands);
  core = createCore(commands, settings, { acked });
});
afterAll(() => {
  for (const one of [commands, acked]) one.disconnect();
});

/** What the primary was asked while jobs were submitted, by command; scripts are named by what they call. */
async function asked(...jobs: readonly { key?: string; unique?: true }[]): Promise<Record<string, number>> {
  const submitter = new Submitter(core);
  await replicated(async () => {
    await redis.client.config('RESETSTAT');
    return Promise.all(
      jobs.map(({ key, ...job }) => submitter.submit({ task: 'echo', queue: 'costs', ...job }, key)),
    );
  });
  const stats = await redis.client.info('commandstats');
  const calls = [...stats.matchAll(/cmdstat_([a-z|]+):calls=(\d+)/g)];
  const counts = Object.fromEntries(calls.map(([, name = '', count]) => [name, Number(count)]));
  const { 'config|resetstat': _, replconf: __, ping: ___, ...rest } = counts;
  return rest;
}

it('a group of submits costs one WAIT more', async () => {
  await asked({});
  expect(await asked({})).toEqual({ xadd: 1, wait: 1 });
  const group = new Array<object>(50).fill({});
  await asked(...group);
  expect(await asked(...group)).toEqual({ evalsha: 1, xadd: 50, wait: 1 });
});

it('what an earlier request has stored is written again, so that WAIT covers it', async () => {
  const keyed = { key: 'a-key' };
  await asked(keyed);
  expect(await asked(keyed)).toMatchObject({ wait: 1, pexpireat: 1 });
  const unique = { unique: true as const };
  await asked(unique);
  const existing = await asked(unique);
  expect(existing).toMatchObject({ wait: 1, hset: 1 });
  expect(existing).not.toHaveProperty('xadd');
});
