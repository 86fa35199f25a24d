import { beforeAll, describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { announceTasks } from '../../../src/tasks/announcements.ts';
import { ADMIN_KEY, bearer, makeKey, WITH_KEYS } from '../../helpers/api/keys.ts';
import { type Message, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';
import { judge } from './judge.ts';
import { Mutator } from './mutator.ts';
import { question, submission, withOddHeaders, work } from './requests.ts';

/** Set it to repeat what failed. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_131);
const REQUESTS = 90;
/** FUZZ_REQUESTS=100000 sends so many. */
const ROUNDS = Math.ceil(Number(process.env['FUZZ_REQUESTS'] ?? 540) / REQUESTS);

const redis = useRedis();
const SETTINGS = { MAX_PAYLOAD_BYTES: '20000' };
const open = useApi(redis, SETTINGS);
const locked = useApi(redis, { ...SETTINGS, ...WITH_KEYS });

beforeAll(async () => {
  const input = {
    type: 'object',
    properties: { n: { type: 'integer' } },
    additionalProperties: { $ref: '#' },
  };
  const tasks = [{ name: 'typed', input }, { name: 'echo' }];
  await announceTasks(redis.client, queueKeys('mr', 'announced'), tasks);
});

/**
 * Sends random requests, each with one of these headers that say who sends it, and judges the answers. Returns how many of them the
 * service has done.
 */
async function fuzz(seed: number, origin: string, callers: readonly Message['headers'][]): Promise<number> {
  const random = new Mutator(seed);
  const ids = ['default~n1-0'];
  const leases = [`me.${'0'.repeat(24)}~n5c~default`];
  let done = 0;
  for (let i = 0; i < REQUESTS; i += 1) {
    const ask = random.one([
      () => submission(random),
      () => question(random, ids),
      () => work(random, ids, leases),
    ]);
    const { headers, ...rest } = ask();
    const message = withOddHeaders(random, { ...rest, headers: { ...headers, ...random.one(callers) } });
    const answer = await send(origin, message);
    judge(seed, message, answer);
    if (typeof answer.body?.id === 'string') ids.push(answer.body.id);
    if (typeof answer.body?.lease === 'string') leases.push(answer.body.lease);
    if (answer.status < 300) done += 1;
  }
  return done;
}

/** Most mutations are mild: requests that all fail would show little. One round alone may have bad luck. */
const expectMild = (done: readonly number[]): void =>
  expect(done.reduce((sum, one) => sum + one, 0)).toBeGreaterThan((done.length * REQUESTS) / 5);

const seedsOf = (rounds: number): number[] => Array.from({ length: rounds }, (_, i) => SEED + i);

describe('a service under odd requests', () => {
  const done: number[] = [];
  it.each(seedsOf(Math.ceil(ROUNDS / 2)))('answers each as it promises, seed %i', async (seed) => {
    done.push(await fuzz(seed, open.origin, [{}]));
  });
  it('does many of them', () => expectMild(done));
});

describe('a service that asks for keys, under odd requests', () => {
  const done: number[] = [];
  it.each(seedsOf(Math.ceil(ROUNDS / 2)))('answers each as it promises, seed %i', async (seed) => {
    const { key } = await makeKey(locked.origin, ['submit:fuzz', 'read:def*', 'work:fuzz']);
    const callers = [bearer(key), bearer(`${key.slice(0, -1)}x`), bearer('x'), { authorization: key }, {}];
    // Most come with all rights, so that they reach more than the door.
    const admins = callers.map(() => bearer(ADMIN_KEY));
    done.push(await fuzz(seed, locked.origin, [...admins, ...admins, ...callers]));
  });
  it('does many of them', () => expectMild(done));
});
