import { SWEEP_START, type SweepPosition, sweep } from '../../../src/lifecycle/scripts/sweep.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { type Answer, JSON_TYPE, send } from '../api/send.ts';
import type { TestApi } from '../api/server.ts';
import type { TestRedis } from '../redis/server.ts';

/** Submits jobs like one; undefined members are left out. */
export const submitter =
  (api: TestApi, like: object) =>
  (job: object, headers: Record<string, string> = {}, path = '/jobs'): Promise<Answer> =>
    send(api.origin, {
      path,
      headers: { ...JSON_TYPE, ...headers },
      body: JSON.stringify({ ...like, ...job }),
    });

/** A whole sweep of a queue. */
export async function sweepAll(redis: TestRedis, queue: string): Promise<void> {
  for (let at: SweepPosition = SWEEP_START; at !== 'end'; ) {
    at = (await sweep(redis.client, queueKeys('mr', queue), at)).next;
  }
}
