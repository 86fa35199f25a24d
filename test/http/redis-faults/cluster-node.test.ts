import { expect, it } from 'vitest';
import { freePort } from '../../../src/local/redis-settings.ts';
import { JSON_TYPE, type Message, send } from '../../helpers/api/send.ts';
import { startApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';
import { recordEvents } from '../../helpers/telemetry/recorder.ts';
import { readinessOf } from '../../helpers/telemetry/scrape.ts';

const clustered = async (busPort: number) => ({
  port: await freePort(),
  settings: { 'cluster-enabled': 'yes', 'cluster-port': String(busPort), 'cluster-node-timeout': '1000' },
});
const [oneBus, otherBus] = [await freePort(), await freePort()];
const one = useRedis(await clustered(oneBus));
const other = useRedis(await clustered(otherBus));

const ROUTES: readonly Message[] = [
  { path: '/jobs', headers: JSON_TYPE, body: '{"task":"echo"}' },
  { path: '/jobs/batch?atomic=true', headers: JSON_TYPE, body: '{"jobs":[{"task":"echo"}]}' },
  { method: 'GET', path: '/jobs/default~n1-0' },
  { method: 'GET', path: '/queues' },
  { path: '/leases', headers: JSON_TYPE, body: '{"queues":["default"]}' },
  { method: 'PUT', path: '/schedules/x', headers: JSON_TYPE, body: '{"every":"1h","job":{"task":"echo"}}' },
];

it('a Cluster node that has moved the keys is no defect: 503, and why', async () => {
  await other.client.cluster('ADDSLOTSRANGE', 0, 16_383);
  await one.client.call('CLUSTER', 'MEET', '127.0.0.1', String(new URL(other.url).port), String(otherBus));
  await until(async () => /cluster_state:ok/.test(String(await one.client.cluster('INFO'))), 'a Cluster');
  const { events, observe } = recordEvents();
  const { app, origin } = await startApi(one.url, {}, observe);
  const answers = await Promise.all(ROUTES.map((message) => send(origin, message)));
  const readiness = await readinessOf(origin);
  await app.close();
  expect(answers.map(({ status, body }) => [status, (body as { code: string }).code])).toEqual(
    ROUTES.map(() => [503, 'redis-unavailable']),
  );
  expect(readiness).toMatchObject({ status: 503, topology: 'single' });
  expect(readiness.reasons).toEqual([expect.stringMatching(/node of a Redis Cluster.*redis\+cluster:\/\//)]);
  const faults = events.map(({ kind }) => kind);
  expect(faults).toContain('redis-trouble');
  expect(faults).not.toContain('defect');
});
