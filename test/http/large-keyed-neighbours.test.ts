import { expect, it } from 'vitest';
import { usePost } from '../helpers/api/post-apart.ts';
import { useApi } from '../helpers/api/server.ts';
import { longestTurn, MAX_TURN_MS } from '../helpers/api/turns.ts';
import { useRedis } from '../helpers/redis/server.ts';

/** The greatest value of the setting. */
const MAX_BYTES = 8_388_608;

const redis = useRedis();
const api = useApi(redis, { MAX_PAYLOAD_BYTES: String(MAX_BYTES) });
const post = usePost(api);

/** A job of nearly the greatest size, whose payload has as many parts. */
function jobOf(open: string, partOf: (i: number) => string, close: string): string {
  const parts: string[] = [];
  for (let bytes = 0, i = 0; bytes < MAX_BYTES - 200; i += 1) {
    const part = partOf(i);
    parts.push(part);
    bytes += part.length + 1;
  }
  return `{"task":"echo","payload":${open}${parts.join(',')}${close}}`;
}

const shuffled = (i: number) => (Math.imul(i, 2_654_435_761) >>> 0).toString(36);

it.each<[string, string]>([
  ['members', jobOf('{', (i) => `"k${i}":1`, '}')],
  ['members in no order', jobOf('{', (i) => `"${shuffled(i)}":1`, '}')],
  ['equal members', jobOf('{', () => '"a":1', '}')],
  ['escapes', `{"task":"echo","payload":"${'\\u00e9\\n'.repeat((MAX_BYTES - 200) / 8)}"}`],
])(
  'others get their turn while the largest payload with an Idempotency-Key is compared: %s',
  async (name, body) => {
    const key = [`idempotency-key: ${name}`];
    await post('/jobs', 'application/json', '{"task":"echo"}', [`idempotency-key: warm ${name}`]);
    const turn = await longestTurn(async () => {
      expect(await post('/jobs', 'application/json', body, key)).toBe(202);
    });
    expect(turn).toBeLessThan(MAX_TURN_MS);
  },
);
