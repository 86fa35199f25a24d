import { expect, it } from 'vitest';
import { submitUnique } from '../../../../src/jobs/unique/scripts/submit-unique.ts';
import { type QueueKeys, queueKeys } from '../../../../src/redis/keys.ts';
import { useRedis } from '../../../helpers/redis/server.ts';

const redis = useRedis();

const MIB = 1_048_576;

const entry = (keys: QueueKeys, digest: string, payload = '1') => ({
  keys,
  place: 'normal' as const,
  task: 'echo',
  payload,
  options: { uq: { d: digest } },
});
const submit = (entries: ReturnType<typeof entry>[]) =>
  submitUnique(redis.client, entries, { isAtomic: false });

it('reads no more bytes of other jobs than keep Redis busy for a short time', async () => {
  const keys = queueKeys('mr', 'large');
  const digests = Array.from({ length: 66 }, (_, i) => `d${i}`);
  const payload = `"${'x'.repeat(MIB - 2)}"`;
  for (const digest of digests) {
    expect(await submit([entry(keys, digest, payload)])).toMatchObject({ kinds: ['stored'] });
  }
  const all = [entry(keys, 'new'), ...digests.map((digest) => entry(keys, digest))];
  expect(await submit(all)).toEqual({ kind: 'too-large' });
  expect(await redis.client.hexists(keys.uniques, 'new')).toBe(0);
  const some = await submit(all.slice(0, 60));
  expect(some).toMatchObject({ kind: 'taken', kinds: ['stored', ...Array(59).fill('existing')] });
});

it('takes in the most jobs of a batch, of as many queues', async () => {
  const entries = Array.from({ length: 10_000 }, (_, i) =>
    entry(queueKeys('mr', `q${i % 5_000}`), `d${i % 2}`),
  );
  const submitted = await submit(entries);
  const kinds = submitted.kind === 'taken' ? submitted.kinds : [];
  expect(kinds).toEqual(entries.map((_, i) => (i < 5_000 ? 'stored' : 'existing')));
});
