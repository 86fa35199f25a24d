import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../../src/redis/keys.ts';
import { expectProblem } from '../../helpers/api/expect-schema.ts';
import { type Answer, NDJSON_TYPE, send } from '../../helpers/api/send.ts';
import { useApi } from '../../helpers/api/server.ts';
import { until, useRedis } from '../../helpers/redis/server.ts';

const MAX_BYTES = 50_000;
const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });

const line = (queue: string, payload: unknown) => `${JSON.stringify({ task: 'echo', queue, payload })}\n`;
const lines = (queue: string, count: number) =>
  Array.from({ length: count }, (_, i) => (i % 7 === 3 ? '{"task":"a b"}\n' : line(queue, i))).join('');

const post = (key: string, body: string): Promise<Answer> =>
  send(api.origin, { path: '/jobs/batch', headers: { ...NDJSON_TYPE, 'idempotency-key': key }, body });

const idsOf = ({ body }: Answer) =>
  body.items.map(({ id, status }: { id?: string; status: number }) => id ?? status);
const stored = (queue: string) => redis.client.xlen(queueKeys('mr', queue).stream.normal);

/** Sends the start of a body whose rest never comes. */
function sendStart(key: string, body: string, bytes: number): { breakOff: () => void } {
  const { hostname, port } = new URL(api.origin);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => undefined);
  socket.write(
    `POST /jobs/batch HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/x-ndjson\r\nidempotency-key: ${key}\r\ncontent-length: ${body.length}\r\n\r\n${body.slice(0, bytes)}`,
  );
  return { breakOff: () => socket.destroy() };
}

describe('lines with an Idempotency-Key that are longer than MAX_PAYLOAD_BYTES', () => {
  it('are all answered, and stored once however often they are sent', async () => {
    const body = lines('long', 9_000);
    expect(body.length).toBeGreaterThan(5 * MAX_BYTES);
    const first = await post('k', body);
    expect(first.status).toBe(207);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    expect(first.body.items).toHaveLength(9_000);
    const count = await stored('long');
    const again = await post('k', body);
    expect(idsOf(again)).toEqual(idsOf(first));
    expect(again.headers['idempotency-replayed']).toBe('true');
    expect(await stored('long')).toBe(count);
  });

  it('are refused when they differ, be it in their length, and nothing is stored', async () => {
    const body = lines('differs', 2_000);
    await post('k', body);
    const count = await stored('differs');
    for (const other of [
      body.slice(0, body.length / 2),
      lines('differs', 2_500),
      lines('differs', 1_500),
      `0\n${body}`,
    ]) {
      expectProblem(await post('k', other), 422, 'idempotency-mismatch');
    }
    expect(await stored('differs')).toBe(count);
  });

  it('store what is missing when they are sent again after a break in the middle', async () => {
    const body = lines('broken', 5_000);
    const broken = sendStart('k', body, body.length * 0.7);
    await until(async () => (await stored('broken')) > 1_000, 'the first jobs');
    broken.breakOff();
    const first = await post('k', body);
    expect(first.body.items).toHaveLength(5_000);
    expect(first.headers['idempotency-replayed']).toBeUndefined();
    const ids = idsOf(first).filter((id: unknown) => typeof id === 'string');
    expect(new Set(ids).size).toBe(ids.length);
    expect(await stored('broken')).toBe(ids.length);
    expect(idsOf(await post('k', body))).toEqual(idsOf(first));
  });

  it('are stored once when they are sent at the same time', async () => {
    const body = lines('together', 3_000);
    const answers = await Promise.all([post('k', body), post('k', body), post('k', body)]);
    for (const answer of answers) expect(idsOf(answer)).toEqual(idsOf(answers[0] as Answer));
    const ids = idsOf(answers[0] as Answer).filter((id: unknown) => typeof id === 'string');
    expect(await stored('together')).toBe(ids.length);
  });
});
