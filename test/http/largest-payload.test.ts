import { expect, it } from 'vitest';
import { SETTINGS } from '../../src/config/settings.ts';
import type { TakeResponse } from '../../src/schemas/lease.ts';
import { JSON_TYPE, send } from '../helpers/api/send.ts';
import { useApi } from '../helpers/api/server.ts';
import { useRedis } from '../helpers/redis/server.ts';

/** The greatest value of the setting. */
const MAX_BYTES = Number(/to (\d+)$/.exec(SETTINGS.maxPayloadBytes.expected)?.[1]);

const redis = useRedis({ persistent: true });
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });

it('a payload and a result of the greatest size work, and requests of others are answered', async () => {
  let isOver = false;
  const statuses = new Set<number>();
  const neighbour = (async () => {
    while (!isOver) statuses.add((await send(api.origin, { method: 'GET', path: '/queues' })).status);
  })();

  const body = (head: string, tail = '"}') =>
    `${head}${'x'.repeat(MAX_BYTES - head.length - tail.length)}${tail}`;
  const payload = body('{"task":"echo","payload":"');
  const submitted = await send(api.origin, { headers: JSON_TYPE, body: payload });
  expect(submitted.status).toBe(202);
  const { id } = submitted.body as { id: string };
  const taken = (await api.http.post('/leases').send({ queues: ['default'], waitMs: 30_000 }))
    .body as TakeResponse;
  expect(taken.jobs.map((job) => job.id)).toEqual([id]);
  const result = 'r'.repeat(MAX_BYTES - 2);
  const report = `{"lease":"${taken.lease}","result":"${result}"}`;
  const completed = await send(api.origin, {
    path: `/jobs/${id}/complete`,
    headers: JSON_TYPE,
    body: report,
  });
  expect(completed.body).toMatchObject({ status: 'completed' });
  expect((await api.get(id)).result === result).toBe(true);

  isOver = true;
  await neighbour;
  expect([...statuses]).toEqual([200]);
});

it('a greater size is refused at the start', () => {
  expect(SETTINGS.maxPayloadBytes.parse(String(MAX_BYTES + 1))).toBeUndefined();
});
