import { once } from 'node:events';
import { Command } from 'ioredis';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { appendJobs } from '../../../src/jobs/submit/scripts/append.ts';
import { connectForAckedWrites } from '../../../src/redis/connect.ts';
import type { ServerConnection } from '../../../src/redis/connection.ts';
import { isUnavailable } from '../../../src/redis/faults.ts';
import { queueKeys } from '../../../src/redis/keys.ts';
import { MOST_ACK_MS, type ReplicaAck } from '../../../src/redis/replicas/acked-writes.ts';
import { scripts } from '../../../src/scripts.ts';
import { replicated, useReplicas } from '../../helpers/redis/replicas.ts';
import { asServer, until, untilConnected } from '../../helpers/redis/server.ts';

const redis = useReplicas(2);
const keys = queueKeys('mr', 'q');
const WITHIN_MS = 300;
/** On a busy machine a reply takes longer. */
const LATE_MS = 2_000;
let writes: ServerConnection;

async function open(ack: Partial<ReplicaAck> = {}, url = redis.url): Promise<ServerConnection> {
  const options = { url, name: 'writes', scripts };
  const connection = asServer(connectForAckedWrites(options, { replicas: 1, withinMs: WITHIN_MS, ...ack }));
  onTestFinished(() => connection.disconnect());
  await untilConnected(connection);
  return connection;
}

beforeEach(async () => {
  await redis.client.flushall();
  writes = await open();
  await redis.client.config('RESETSTAT');
});
afterEach(() => redis.continueReplicas());

const add = (connection: ServerConnection, task = 'echo') =>
  connection.xadd(keys.stream.normal, '*', 't', task);
/** A job of several: they need a script. */
const append = (connection: ServerConnection) =>
  appendJobs(
    connection,
    keys,
    ['a', 'b'].map((task) => ({ place: 'normal', task, payload: '1', options: {} })),
  );
const stored = () => redis.client.xlen(keys.stream.normal);

async function calls(command: string): Promise<number> {
  const stats = await redis.client.info('commandstats');
  return Number(new RegExp(`cmdstat_${command}:calls=(\\d+)`).exec(stats)?.[1] ?? 0);
}

/** Calls, and gives how long it took, ms. */
async function timed(call: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await call();
  return performance.now() - start;
}

const notReplicated = { code: 'not-replicated' };

describe('a write that waits for replicas', () => {
  it('resolves once they have it, with its own reply', async () => {
    const id = await replicated(() => add(writes, 'told'));
    expect(await redis.client.xrange(keys.stream.normal, String(id), String(id))).toEqual([
      [id, ['t', 'told']],
    ]);
  });

  it('shares a WAIT with all writes of its moment', async () => {
    await Promise.allSettled(Array.from({ length: 50 }, (_, i) => add(writes, String(i))));
    expect([await calls('xadd'), await calls('wait')]).toEqual([50, 1]);
  });

  it('goes with the next group while one is on its way, and both are answered', async () => {
    redis.stopReplicas();
    const first = expect(add(writes)).rejects.toMatchObject(notReplicated);
    await until(async () => (await stored()) === 1, 'the first write');
    const others = Array.from({ length: 20 }, () => expect(add(writes)).rejects.toMatchObject(notReplicated));
    expect(await stored()).toBe(1);
    await Promise.all([first, ...others]);
    expect([await stored(), await calls('wait')]).toEqual([21, 2]);
  });

  it('rejects in time when too few replicas have it, although Redis keeps it', async () => {
    redis.stopReplicas();
    const ms = await timed(() => expect(add(writes)).rejects.toMatchObject(notReplicated));
    expect(ms).toBeGreaterThan(WITHIN_MS - 5);
    expect(ms).toBeLessThan(WITHIN_MS + LATE_MS);
    expect(await stored()).toBe(1);
  });

  it('may be the name of a queue', async () => {
    expect(await writes.sadd('mr:queues', 'q')).toBe(1);
    redis.stopReplicas();
    await expect(writes.sadd('mr:queues', 'r')).rejects.toMatchObject(notReplicated);
  });

  it('counts the time of a group behind a late one from when its first write came', async () => {
    const waits: number[] = [];
    const monitor = await redis.client.monitor();
    onTestFinished(() => monitor.disconnect());
    monitor.on('monitor', (_, [name, , ms]: string[]) => {
      if (name === 'wait') waits.push(Number(ms));
    });
    redis.stopReplicas();
    const late = expect(add(writes)).rejects.toMatchObject(notReplicated);
    await until(async () => (await stored()) === 1, 'the first write');
    await Promise.all([late, expect(add(writes)).rejects.toMatchObject(notReplicated)]);
    await until(() => waits.length === 2, 'two groups');
    expect(waits[0]).toBe(WITHIN_MS);
    expect(waits[1]).toBeLessThan(WITHIN_MS);
  });

  it('is not one that the connection counts as lost, for as long as it may take', async () => {
    const patient = await open({ withinMs: MOST_ACK_MS });
    redis.stopReplicas();
    await expect(add(patient)).rejects.toMatchObject(notReplicated);
  });

  it('needs as many replicas as it asks for', async () => {
    const two = await open({ replicas: 2 });
    await replicated(() => add(two));
    await expect(add(await open({ replicas: 3 }))).rejects.toMatchObject(notReplicated);
  });

  it('rejects at once with the error of Redis', async () => {
    redis.stopReplicas();
    await redis.client.set('text', '1');
    const ms = await timed(() => expect(writes.xadd('text', '*', 'a', 'b')).rejects.toThrow('WRONGTYPE'));
    expect(ms).toBeLessThan(WITHIN_MS);
  });

  it('waits for a script that Redis has forgotten, too', async () => {
    await replicated(() => append(writes));
    await redis.client.script('FLUSH');
    await until(async () => (await redis.client.wait(2, 1_000)) === 2, 'replicas that have all');
    const before = await stored();
    redis.stopReplicas();
    await expect(append(writes)).rejects.toMatchObject(notReplicated);
    expect(await stored()).toBe(before + 2);
  });

  it('waits again where the client sends a refused command again, as in a Cluster', async () => {
    await redis.client.set('text', '1');
    const command = new Command('xadd', ['text', '*', 'a', 'b']);
    const refusals: Error[] = [];
    command.reject = (error) => void refusals.push(error);
    void writes.sendCommand(command);
    await until(() => refusals.length === 1, 'a refusal');
    await redis.client.del('text');
    redis.stopReplicas();
    void writes.sendCommand(command);
    await until(() => refusals.length === 2, 'another refusal');
    expect(refusals).toEqual([
      expect.objectContaining({ message: expect.stringContaining('WRONGTYPE') }),
      expect.objectContaining(notReplicated),
    ]);
    expect(await redis.client.xlen('text')).toBe(1);
    await redis.continueReplicas();
    let isResolved = false;
    void command.promise.then(() => {
      isResolved = true;
    });
    await until(async () => {
      const before = refusals.length;
      void writes.sendCommand(command);
      await until(() => isResolved || refusals.length > before, 'an answer');
      return isResolved;
    }, 'a write that replicas have');
  });

  it('rejects when the connection ends, and the next ones are served by another', async () => {
    redis.stopReplicas();
    const write = add(writes);
    await until(async () => (await stored()) === 1, 'the write');
    const lost = Promise.allSettled([write, add(writes)]);
    const closed = once(writes, 'close');
    await redis.client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    await closed;
    const ends = await lost;
    expect(ends.map((end) => end.status === 'rejected' && isUnavailable(end.reason))).toEqual([true, true]);
    await redis.continueReplicas();
    await untilConnected(writes);
    await replicated(() => add(writes));
  });

  it('rejects when the user may not run WAIT', async () => {
    await redis.client.acl('SETUSER', 'unasked', 'on', '>password', '~*', '+@all', '-wait');
    const url = `redis://unasked:password@${new URL(redis.url).host}`;
    const write = add(await open({}, url));
    await expect(write).rejects.toMatchObject({
      ...notReplicated,
      cause: { message: expect.stringMatching(/^NOPERM/) },
    });
  });
});
