import type { AddressInfo } from 'node:net';
import Fastify from 'fastify';
import { expect, it, onTestFinished } from 'vitest';
import { arrivalsPlugin } from '../../../src/http/telemetry/arrivals.ts';
import { RequestMetrics } from '../../../src/telemetry/metrics/request-metrics.ts';
import { until } from '../../helpers/redis/server.ts';
import { createManualClock } from '../../helpers/workers/manual-clock.ts';

async function startServer() {
  const metrics = new RequestMetrics();
  const clock = createManualClock();
  const app = Fastify({ forceCloseConnections: true });
  await app.register(arrivalsPlugin, { times: { metrics, now: clock.monotonic } });
  app.get('/slow/:id', async () => {
    clock.advance(2_000);
    return 'done';
  });
  let onClosed: (() => void) | undefined;
  const closed = new Promise<void>((resolve) => {
    onClosed = resolve;
  });
  app.get('/never', (_, reply) => {
    reply.raw.once('close', () => onClosed?.());
  });
  await app.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => app.close());
  return { metrics, closed, origin: `http://127.0.0.1:${(app.server.address() as AddressInfo).port}` };
}

it('times a request of its own server from its arrival to the end of its answer', async () => {
  const [one, other] = await Promise.all([startServer(), startServer()]);
  await fetch(`${one.origin}/slow/7`);
  await until(() => one.metrics.series.length > 0, 'the request');
  const [series] = one.metrics.series;
  expect(series).toMatchObject({ route: '/slow/:id', method: 'GET', status: 200, tally: { sum: 2 } });
  expect(other.metrics.series).toEqual([]);
});

it('leaves out a request whose client has gone', async () => {
  const { metrics, origin, closed } = await startServer();
  const leaving = new AbortController();
  const left = fetch(`${origin}/never`, { signal: leaving.signal }).catch(() => 'left');
  await fetch(`${origin}/slow/1`);
  leaving.abort();
  expect(await left).toBe('left');
  await closed;
  expect(metrics.series.map(({ route }) => route)).toEqual(['/slow/:id']);
});
