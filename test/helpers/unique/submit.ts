import { queueKeys } from '../../../src/redis/keys.ts';
import { type Answer, JSON_TYPE, send } from '../api/send.ts';
import type { TestApi } from '../api/server.ts';
import { sweepAll as sweepKeys } from '../lifecycle/sweep-all.ts';
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

/** Sweeps a whole queue. */
export const sweepAll = ({ client }: TestRedis, queue: string): Promise<number> =>
  sweepKeys(client, queueKeys('mr', queue));
