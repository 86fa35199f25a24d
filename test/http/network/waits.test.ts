import { describe, expect, it } from 'vitest';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { JSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_WAITERS_PER_CLIENT: '2', TRUST_PROXY: '127.0.0.1' });

const from = (address: string) => ({ 'x-forwarded-for': address });

/** An event stream of a client at this address, open until the signal. */
async function openStream(address: string, signal: AbortSignal) {
  const { status } = await fetch(`${api.origin}/events`, { headers: from(address), signal });
  return status;
}

describe('a client beyond MAX_WAITERS_PER_CLIENT', () => {
  it('gets 429 for streams and waits, while others and requests without a wait are served', async () => {
    const close = new AbortController();
    const { id } = await api.submit({ task: 'echo', queue: 'waits' });
    expect(await openStream('203.0.113.7', close.signal)).toBe(200);
    expect(await openStream('203.0.113.7', close.signal)).toBe(200);
    const ask = (method: string, path: string, address: string, body?: string) =>
      send(api.origin, { method, path, headers: { ...JSON_TYPE, ...from(address) }, body });
    for (const [method, path, body] of [
      ['GET', '/events'],
      ['GET', '/queues/waits/events'],
      ['GET', `/jobs/${id}/events`],
      ['GET', `/jobs/${id}?wait=30`],
      ['POST', '/leases', '{"queues":["empty"],"waitMs":30000}'],
      ['POST', '/queues/waits/subscriptions/s/read', '{"waitMs":30000}'],
    ] as const) {
      const answer = await ask(method, path, '203.0.113.7', body);
      expectProblem(answer, 429, 'too-many-waits');
      expect(answer.headers['retry-after']).toBe('1');
      expect(answer.body.detail).toContain('MAX_WAITERS_PER_CLIENT');
    }
    // A job that is stored is told of, whether or not its submitter may wait.
    const submit = await ask('POST', '/jobs?wait=30', '203.0.113.7', '{"task":"echo","queue":"waits"}');
    expect([submit.status, submit.headers['preference-applied']]).toEqual([202, undefined]);
    expect((await ask('GET', `/jobs/${id}`, '203.0.113.7')).status).toBe(200);
    expect(await openStream('203.0.113.8', close.signal)).toBe(200);
    close.abort();
    const again = new AbortController();
    await until(async () => (await openStream('203.0.113.7', again.signal)) === 200, 'room for a stream');
    again.abort();
  });

  it('cannot escape by a forged X-Forwarded-For: the last address that is not a proxy counts', async () => {
    const close = new AbortController();
    const statuses: number[] = [];
    for (const forged of ['1.1.1.1', '2.2.2.2', '3.3.3.3']) {
      statuses.push(await openStream(`${forged}, 203.0.113.9`, close.signal));
    }
    expect(statuses).toEqual([200, 200, 429]);
    close.abort();
  });
});
