import { describe, expect, it } from 'vitest';
import { queueKeys } from '../../src/redis/keys.ts';
import { WaitingReaders } from '../../src/subscriptions/waiting-readers.ts';
import { until } from '../helpers/redis/server.ts';

const keys = queueKeys('mr', 'q');

/** Somebody who waits in line, and how often it was looked for him. */
function waiter(line: WaitingReaders) {
  let go = () => {};
  const seen = { looks: 0 };
  const look = async () => {
    seen.looks += 1;
    return { dueInMs: undefined };
  };
  const requester = {
    onDisconnect: (end: () => void) => {
      go = end;
    },
  };
  const answer = line.wait(keys, 'sub', 20_000, requester, look, () => true);
  return { seen, answer, go: () => go() };
}

describe('the line of those who wait for events', () => {
  const lineOf = () => new WaitingReaders({ watch: async () => () => {} }, 10);

  it('looks no more for somebody who is gone, and lets the next one look', async () => {
    const line = lineOf();
    const first = waiter(line);
    const second = waiter(line);
    await until(() => first.seen.looks === 1, 'the first to look');
    first.go();
    expect(await first.answer).toBeUndefined();
    expect(first.seen.looks).toBe(1);
    await until(() => second.seen.looks === 1, 'the second to look');
    line.stop();
    expect(await second.answer).toBeUndefined();
    expect(second.seen.looks).toBe(1);
  });

  it('never looks for somebody who goes before it is his turn', async () => {
    const line = lineOf();
    const first = waiter(line);
    const second = waiter(line);
    second.go();
    expect(await second.answer).toBeUndefined();
    expect(second.seen.looks).toBe(0);
    line.stop();
    await first.answer;
  });
});
