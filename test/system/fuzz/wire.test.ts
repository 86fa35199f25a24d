import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';
import { useApi } from '../../helpers/api/server.ts';
import { requestText } from '../../helpers/api/wire.ts';
import { useRedis } from '../../helpers/redis/server.ts';

/** Set it to repeat what failed. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_260_131);
/** Connections at a time. */
const STEP = 20;
const CONNECTIONS = Math.ceil(Number(process.env['FUZZ_REQUESTS'] ?? 540) / STEP) * STEP;

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: '20000' });

const JSON_HEAD = { 'content-type': 'application/json', connection: 'keep-alive' };
const MESSAGES: readonly string[] = [
  requestText('POST', '/jobs', JSON_HEAD, '{"task":"echo","queue":"wire"}'),
  requestText(
    'POST',
    '/jobs/batch',
    { 'content-type': 'application/x-ndjson' },
    '{"task":"echo"}\n{"task":"echo"}\n',
  ),
  requestText('POST', '/jobs', { ...JSON_HEAD, 'transfer-encoding': 'chunked' }) +
    '9\r\n{"task":1\r\n1\r\n}\r\n0\r\n\r\n',
  requestText('GET', '/queues/wire/jobs?limit=3&status=queued', {
    connection: 'keep-alive',
    range: 'bytes=0-1',
  }),
  requestText('POST', '/queues/wire/pause', { expect: '100-continue', upgrade: 'websocket' }),
  requestText('DELETE', '/queues/wire/dead?limit=1', { te: 'trailers', 'content-encoding': 'gzip' }),
  requestText('OPTIONS', '*', { host: 'localhost' }),
  requestText('GET', '/events', { accept: 'text/event-stream', connection: 'close' }),
];
const PIECES = [
  '\r\n',
  '\n',
  '\r',
  ' ',
  '\t',
  ':',
  '\0',
  '\u00ff',
  '%',
  '/',
  '0',
  '-',
  ',',
  'HTTP/1.0',
  'chunked',
  '\r\n\r\n',
];

function randomNumbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x6d2b79f5) | 0;
    const mixed = Math.imul(state ^ (state >>> 12), 0x297a2d39);
    return ((mixed ^ (mixed >>> 15)) >>> 0) % limit;
  };
}

/** One or two messages with some bytes changed, doubled, dropped or added. */
function broken(below: (limit: number) => number): Buffer {
  const pick = <T>(values: readonly T[]): T => values[below(values.length)] as T;
  let text = Array.from({ length: 1 + below(2) }, () => pick(MESSAGES)).join('');
  for (let count = below(4); count >= 0; count -= 1) {
    const at = below(text.length + 1);
    const length = below(12);
    const middle = pick([
      pick(PIECES),
      text.slice(at, at + length).repeat(2),
      '',
      String.fromCharCode(below(256)),
    ]);
    text = text.slice(0, at) + middle + text.slice(at + length);
  }
  return Buffer.from(text, 'latin1');
}

/** Sends bytes, says that nothing follows, and resolves to what came back. */
function exchange(bytes: Buffer): Promise<string> {
  const { port } = new URL(api.origin);
  return new Promise((resolve) => {
    let received = '';
    const socket = connect({ port: Number(port), host: '127.0.0.1', allowHalfOpen: true });
    socket.setEncoding('latin1');
    socket.on('data', (chunk) => {
      received += chunk;
      // A stream of events has no end of its own.
      if (received.includes('text/event-stream')) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.once('end', () => socket.destroy());
    socket.once('close', () => resolve(received));
    socket.end(bytes);
  });
}

describe('a service under broken HTTP', () => {
  it('answers with no error of its own, and goes on', async () => {
    const below = randomNumbers(SEED);
    let answered = 0;
    for (let sent = 0; sent < CONNECTIONS; sent += STEP) {
      const messages = Array.from({ length: STEP }, () => broken(below));
      const answers = await Promise.all(messages.map(exchange));
      for (const [i, answer] of answers.entries()) {
        const shown = `seed ${SEED}: ${JSON.stringify(messages[i]?.toString('latin1'))} -> ${answer.slice(0, 500)}`;
        expect(answer, shown).not.toMatch(/HTTP\/1\.1 5\d\d /);
        if (answer.startsWith('HTTP/1.1 ')) answered += 1;
      }
    }
    expect(answered).toBeGreaterThan(CONNECTIONS / 2);
    expect((await api.http.get('/readyz')).status).toBe(200);
  });
});
