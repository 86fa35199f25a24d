import { describe, expect, it } from 'vitest';
import { LeaseConsumer } from '../../../src/leases/lease-consumer.ts';
import { TakenJobs } from '../../../src/leases/take/taken-jobs.ts';
import { WaitingPoll } from '../../../src/leases/take/waiting-poll.ts';
import { useRedis } from '../../helpers/redis/server.ts';

const redis = useRedis();

function newPoll() {
  const taken = new TakenJobs(new LeaseConsumer('none', redis.client));
  const ends: boolean[] = [];
  const poll: WaitingPoll = new WaitingPoll(
    ['q'],
    '*',
    async () => taken,
    () => void ends.push(poll.hasEnded),
  );
  return { poll, taken, ends };
}

describe('a waiting poll', () => {
  it('ends once: the first end counts', async () => {
    const { poll, taken, ends } = newPoll();
    expect(poll.hasEnded).toBe(false);
    poll.end(taken);
    poll.end();
    poll.fail(new Error('too late'));
    expect(await poll.taken).toBe(taken);
    expect(ends).toEqual([true]);
  });

  it('rejects when it fails', async () => {
    const { poll, ends } = newPoll();
    poll.fail(new Error('no Redis'));
    poll.end();
    await expect(poll.taken).rejects.toThrow('no Redis');
    expect(ends).toEqual([true]);
  });
});
