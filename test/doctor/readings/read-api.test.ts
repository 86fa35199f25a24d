import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { readApi } from '../../../src/doctor/readings/read-api.ts';
import { valueIn } from '../../../src/doctor/readings/reading.ts';
import { freePort } from '../../../src/local/redis-settings.ts';
import { useApi } from '../../helpers/api/server.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { UNKNOWN_TASKS: 'accept' });

it('reads the queues, those with jobs in full', async () => {
  await api.submit({ task: 'echo', queue: 'busy' });
  await api.http.put('/queues/busy/subscriptions/billing').send({});
  await api.http.put('/schedules/nightly').send({ cron: '0 3 * * *', job: { task: 'echo' } });
  const contact = await readApi({ url: api.origin, key: '' }, systemClock);
  if ('fault' in contact) throw new Error(contact.fault);
  const { readiness, clock, queues, stats, workers, schedules, subscriptions } = contact.api;
  expect(readiness.ready).toBe(true);
  expect(Math.abs(clock?.skewMs ?? 9_000)).toBeLessThan(2_000);
  expect(valueIn(queues)?.map(({ name }) => name)).toContain('busy');
  expect(stats.find(({ queue }) => queue === 'busy')?.counts.queued).toBe(1);
  expect(valueIn(workers)).toEqual([]);
  expect(valueIn(schedules)?.map(({ id }) => id)).toEqual(['nightly']);
  expect(subscriptions.map(({ name }) => name)).toEqual(['billing']);
});

describe('of another server', () => {
  let server: Server;
  const seen: (string | undefined)[] = [];
  beforeAll(async () => {
    server = createServer((request, response) => {
      seen.push(request.headers.authorization);
      if (request.url === '/readyz') response.end('{"ready":true,"reasons":[]}');
      else if (request.url !== '/hang/readyz') response.writeHead(401).end();
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  });
  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  it('it sends the key, and says what was refused', async () => {
    const contact = await readApi({ url: origin(), key: 'mrk_1_secret' }, systemClock);
    expect(seen).toContain('Bearer mrk_1_secret');
    expect(contact).toMatchObject({
      api: { queues: { refused: 'GET /queues?limit=1000 was answered with 401' }, stats: [] },
    });
    expect(JSON.stringify(contact)).not.toContain('secret');
  });

  it('it does not wait for an answer that does not come', async () => {
    expect(await readApi({ url: `${origin()}/hang`, key: '' }, systemClock)).toMatchObject({
      fault: expect.stringMatching(/3000 ms|timeout/),
    });
  });

  it('it knows an answer that is not of Millrace', async () => {
    expect(await readApi({ url: `${origin()}/other`, key: '' }, systemClock)).toMatchObject({
      fault: expect.stringContaining('not in the way of Millrace'),
    });
  });
});

it('says why nothing answers', async () => {
  const contact = await readApi({ url: `http://127.0.0.1:${await freePort()}`, key: '' }, systemClock);
  expect(contact).toMatchObject({ fault: expect.stringContaining('ECONNREFUSED') });
});
