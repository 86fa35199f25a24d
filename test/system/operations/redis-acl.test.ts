import { afterAll, beforeAll, expect, it } from 'vitest';
import { untilWorkerReady } from '../../../src/local/ready.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { createOrphanReaper } from '../../../src/orphan-reaper.ts';
import { readInProject } from '../../helpers/local/pages.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import {
  type ApiProcess,
  type BuiltProcess,
  startApiProcess,
  startWorkerProcess,
} from '../../helpers/workers/built-processes.ts';
import { TEST_TASKS } from '../../helpers/workers/worker-process.ts';
import { tour } from './tour.ts';

const PASSWORD = 'a-password-of-this-test';
const redis = useRedis({ port: await freePort() });
const reaper = createOrphanReaper();
let api: ApiProcess;
let worker: BuiltProcess;

/** As docs/how-to/scale.md has them. */
const RULES =
  /^user millrace on >CHANGE-ME (.*)$/m.exec(readInProject('docs/how-to/scale.md'))?.[1]?.split(' ') ?? [];
const allowed = new Set(RULES.filter((rule) => rule.startsWith('+')).map((rule) => rule.slice(1)));
/** Redis lets each user run them. */
const FREE = ['auth', 'hello', 'quit'];

/** The commands that Redis has run for this user, those of scripts included. */
async function commandsRun(): Promise<string[]> {
  const info = await redis.client.info('commandstats');
  return [...info.matchAll(/^cmdstat_([^:]+):calls=/gm)].map(([, name = '']) => name);
}

beforeAll(async () => {
  await redis.client.acl('SETUSER', 'millrace', 'on', `>${PASSWORD}`, ...RULES);
  await redis.client.config('RESETSTAT');
  const url = new URL(redis.url);
  url.username = 'millrace';
  url.password = PASSWORD;
  api = await startApiProcess(url.href, reaper);
  worker = await startWorkerProcess(
    {
      REDIS_URL: url.href,
      QUEUES: 'default,tour-*',
      TASKS_DIR: TEST_TASKS,
      PROCESSES: '1',
      LEASE_MS: '1000',
    },
    reaper,
    (limit) => untilWorkerReady(api.origin, ['default'], limit),
  );
});
afterAll(async () => {
  await Promise.all([api.stop(), worker.stop()]);
  reaper.end();
});

it('a tour of everything needs no command that the minimal user of Redis lacks', async () => {
  await tour(api.origin);
  await worker.stop();
  await api.stop();
  const own = ['acl|setuser', 'acl|log', 'config|resetstat'];
  const run = (await commandsRun()).filter((name) => !FREE.includes(name) && !own.includes(name));
  expect(await redis.client.acl('LOG')).toEqual([]);
  expect(run.filter((name) => !allowed.has(name))).toEqual([]);
});
