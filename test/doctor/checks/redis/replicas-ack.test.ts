import { expect, it } from 'vitest';
import { checkReplicasAck } from '../../../../src/doctor/checks/redis/replicas-ack.ts';

const replica = (state: string) => `ip=127.0.0.1,port=6380,state=${state},offset=1,lag=0`;
const judge = (wanted: number, states: readonly string[], role = 'master') =>
  checkReplicasAck(
    new Map([['role', role], ...states.map((state, i): [string, string] => [`slave${i}`, replica(state)])]),
    wanted,
  );

it('says nothing where no submit waits for replicas, or of a replica', () => {
  expect(judge(0, [])).toEqual([]);
  expect(judge(1, [], 'slave')).toEqual([]);
});

it('finds nothing wrong with one replica more than a submit waits for', () => {
  expect(judge(1, ['online', 'online']).map(({ level }) => level)).toEqual(['ok']);
});

it('finds fewer replicas than a submit waits for, and counts only those that follow', () => {
  expect(judge(2, ['online', 'wait_bgsave'])).toEqual([
    {
      id: 'replicas-ack',
      level: 'fault',
      what: 'REPLICAS_ACK is 2, and the primary has 1 replica.',
      why: 'Every submit gets 503 not-replicated, and GET /readyz is not ready.',
      todo: 'Start 2 replicas more, or set REPLICAS_ACK to 0.',
    },
  ]);
});

it('finds that a failover leaves too few', () => {
  expect(judge(1, ['online'])).toEqual([
    {
      id: 'replicas-ack',
      level: 'warning',
      what: 'REPLICAS_ACK is 1, and the primary has 1 replica.',
      why: 'When one of these servers is away, and after a failover, no job is accepted until it is back.',
      todo: 'Start 1 replica more, or set REPLICAS_ACK to 0.',
    },
  ]);
});
