import { expect, it } from 'vitest';
import { usePost } from '../helpers/api/post-apart.ts';
import { useApi } from '../helpers/api/server.ts';
import { longestTurn, MAX_TURN_MS } from '../helpers/api/turns.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis);
const post = usePost(api);

const HELD = 1_000;
const MOST = 10_000;

/** Takes jobs under a new lease. */
async function take(): Promise<{ lease: string; ids: string[] }> {
  const jobs = Array.from({ length: HELD }, () => ({ task: 'echo' }));
  await api.http.post('/jobs/batch').send({ jobs });
  const { body } = await api.http.post('/leases').send({ queues: ['default'], max: HELD });
  return { lease: body.lease, ids: body.jobs.map(({ id }: { id: string }) => id) };
}

const list = (ids: readonly string[], members = '') =>
  ids.map((id) => `{"id":${JSON.stringify(id)}${members}}`).join(',');
const names = (idOf: (i: number) => string) => Array.from({ length: MOST }, (_, i) => idOf(i));
const unknown = Array.from({ length: 700 }, (_, i) => `"k${i}":1`).join(',');
const inner = Array(10).fill('{"message":"b","cause":{"message":"c","cause":{"message":"d"}}}').join(',');
const parts = Array(10).fill(`{"message":"a","errors":[${inner}]}`).join(',');

it.each<[string, (ids: string[]) => string]>([
  [
    '1,000 results with 700 unknown members each',
    (ids) => `{"complete":[${list(ids, `,"x":{${unknown}}`)}]}`,
  ],
  [
    '1,000 failures with causes of causes',
    (ids) => `{"fail":[${list(ids, `,"error":{"errors":[${parts}]}`)}]}`,
  ],
  ['10,000 texts that are no ids', () => `{"complete":[${list(names((i) => `x${i}`))}]}`],
  ['10,000 long ids', () => `{"complete":[${list(names((i) => `x${i}~${'y'.repeat(700)}`))}]}`],
])('others get their turn during a settle: %s', async (_name, bodyOf) => {
  const warm = await take();
  await post(`/leases/${warm.lease}/settle`, 'application/json', bodyOf(warm.ids.slice(0, 5)));
  const { lease, ids } = await take();
  const body = bodyOf(ids);
  const turn = await longestTurn(async () => {
    expect(await post(`/leases/${lease}/settle`, 'application/json', body)).toBe(207);
  });
  expect(turn).toBeLessThan(MAX_TURN_MS);
});
