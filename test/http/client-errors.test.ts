import { describe, expect, it } from 'vitest';
import { Problem } from '../../src/schemas/problem.ts';
import { expectShape } from '../helpers/api/expect-schema.ts';
import { useApi } from '../helpers/api/server.ts';
import { parseAnswers, requestText, type WireAnswer, wire } from '../helpers/api/wire.ts';
import { stored } from '../helpers/redis/dump.ts';
import { useRedis } from '../helpers/redis/server.ts';

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '1024' });

async function exchange(text: string): Promise<WireAnswer[]> {
  return parseAnswers(await wire(api.origin, text));
}

describe('answerClientError', () => {
  const head = 'POST /jobs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n';
  it.each<[string, string, number]>([
    ['a word', 'HELLO\r\n\r\n', 400],
    ['an unknown method', requestText('FETCH', '/jobs'), 400],
    ['two lengths', `${head}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ['a malformed length', `${head}Content-Length: two\r\n\r\n{}`, 400],
    ['a malformed chunk', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\n`, 400],
    ['endless headers', `GET /livez HTTP/1.1\r\nHost: localhost\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
    ['a NUL in a header', 'GET /livez HTTP/1.1\r\nHost: localhost\r\nX: a\u0000b\r\n\r\n', 400],
  ])('answers a malformed request with a problem: %s', async (_name, text, status) => {
    const before = await stored(redis);
    const [answer] = await exchange(text);
    expect(answer?.status).toBe(status);
    expect(answer?.headers.get('content-type')).toBe('application/problem+json; charset=utf-8');
    const problem = JSON.parse(answer?.body ?? '');
    expectShape(Problem, problem);
    expect(problem.status).toBe(status);
    expect(await stored(redis)).toEqual(before);
  });
});
