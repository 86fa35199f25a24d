import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { BLOCK_MS, connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { openReader } from '../../../src/redis/reads/open-reader.ts';
import { readAfter } from '../../../src/redis/reads/read-after.ts';
import type { StreamEntries, StreamReader } from '../../../src/redis/reads/stream-reader.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';

const STREAMS = ['{q0}:s', '{q1}:s', '{q2}:s', '{q3}:s'];

const cluster = useCluster();
let commands: Connection;
let reader: StreamReader;
let positions: Map<string, string>;
const options = () => ({ url: cluster.url, name: 'test', scripts: [] });

beforeEach(async () => {
  commands = connectForWork(options());
  await untilConnected(commands);
  reader = openReader(options(), commands);
  positions = new Map();
  for (const stream of STREAMS) {
    await commands.del(stream);
    positions.set(stream, '0-0');
  }
});
afterEach(async () => {
  await reader.endReads();
  reader.disconnect();
  commands.disconnect();
});

/** Reads on, and gives the texts that came. */
async function readOn(blockMs = BLOCK_MS): Promise<string[]> {
  const read = await readAfter(reader, positions, 10, blockMs);
  return read.flatMap(([stream, entries]) => {
    positions.set(stream, entries.at(-1)?.[0] ?? '0-0');
    return entries.map(([, fields]) => fields?.[1] ?? '');
  });
}
const textsOf = (entries: StreamEntries) =>
  entries.flatMap(([, some]) => some.map(([, fields]) => fields?.[1] ?? ''));
const add = (stream: string, text: string) => commands.xadd(stream, '*', 'text', text);
const infos = (section: string) => Promise.all(cluster.primaries.map(({ client }) => client.info(section)));
const blockedReads = async (): Promise<number> =>
  (await infos('clients')).reduce((sum, info) => sum + Number(/blocked_clients:(\d+)/.exec(info)?.[1]), 0);
const areBlocked = (count = STREAMS.length) =>
  until(async () => (await blockedReads()) === count, `${count} blocked reads`);
/** Calls of a command since the last RESETSTAT. */
async function calls(command: string): Promise<number> {
  const stats = (await infos('commandstats')).join('\n');
  const found = stats.matchAll(new RegExp(`^cmdstat_${command.replace('|', '\\|')}:calls=(\\d+)`, 'gm'));
  return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
}
const countAnew = () => Promise.all(cluster.primaries.map(({ client }) => client.config('RESETSTAT')));
async function killBlockedReads(): Promise<number> {
  let killed = 0;
  for (const { client } of cluster.primaries) {
    const list = String(await client.call('CLIENT', 'LIST'));
    for (const line of list.split('\n').filter((one) => /cmd=xread/.test(one))) {
      killed += Number(await client.call('CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? ''));
    }
  }
  return killed;
}

describe('a reader of a Cluster', () => {
  it('reads streams of several slots and primaries', async () => {
    expect(new Set(STREAMS.map(slotOf)).size).toBe(STREAMS.length);
    await Promise.all(STREAMS.map((stream) => add(stream, stream)));
    const seen: string[] = [];
    while (seen.length < STREAMS.length) seen.push(...(await readOn()));
    expect(seen.sort()).toEqual(STREAMS);
  });

  it('leaves the reads open that have brought nothing, and so sends one for each entry', async () => {
    let read = readOn();
    await areBlocked();
    await countAnew();
    for (const text of ['a', 'b', 'c', 'd', 'e']) {
      await add('{q2}:s', text);
      expect(await read).toEqual([text]);
      expect(await blockedReads()).toBe(STREAMS.length - 1);
      read = readOn();
      await areBlocked();
    }
    expect([await calls('xread'), await calls('client|unblock')]).toEqual([5, 0]);
    await reader.interrupt();
    expect(await read).toEqual([]);
    expect(await blockedReads()).toBe(STREAMS.length);
    await reader.endReads();
    expect(await blockedReads()).toBe(0);
  });

  it('brings with the next read what has come between two', async () => {
    const read = readOn();
    await areBlocked();
    await add('{q0}:s', 'one');
    expect(await read).toEqual(['one']);
    await add('{q1}:s', 'two');
    await areBlocked(STREAMS.length - 2);
    expect(await readOn()).toEqual(['two']);
    const next = readOn();
    await areBlocked();
    await add('{q1}:s', 'three');
    expect(await next).toEqual(['three']);
  });

  it('tells at once what a group was given between two reads, and does not read on before the next', async () => {
    for (const stream of STREAMS) await commands.xgroup('CREATE', stream, 'g', '0', 'MKSTREAM');
    const early: string[] = [];
    const awaitEntries = () =>
      reader.read({
        streams: STREAMS,
        blockMs: BLOCK_MS,
        run: (redis, some, ms) => {
          const news = some.map(() => '>');
          return redis.xreadgroup('GROUP', 'g', 'c', 'COUNT', 1, 'BLOCK', ms, 'STREAMS', ...some, ...news);
        },
        onEarly: (entries) => early.push(...textsOf(entries)),
      });
    const read = awaitEntries();
    await areBlocked();
    await add('{q3}:s', 'awaited');
    expect(textsOf(await read)).toEqual(['awaited']);
    await add('{q0}:s', 'early');
    await until(() => early.length > 0, 'an early entry');
    expect(early).toEqual(['early']);
    await add('{q0}:s', 'later');
    expect(textsOf(await awaitEntries())).toEqual(['later']);
    expect(early).toEqual(['early']);
  });

  it('ends the reads that stayed open, when their time is over and nobody waits', async () => {
    expect(await readOn(50)).toEqual([]);
    await areBlocked(0);
  });

  it('goes on at the other slots while a connection is lost, and tells the fault', async () => {
    const read = readOn();
    await areBlocked();
    const failed = expect(read).rejects.toThrow();
    expect(await killBlockedReads()).toBe(STREAMS.length);
    await failed;
    const texts: string[] = [];
    const readOne = async () => {
      while (texts.length === 0) texts.push(...(await readOn().catch(() => [])));
    };
    const reading = readOne();
    await areBlocked();
    await add('{q1}:s', 'y');
    await reading;
    expect(texts).toEqual(['y']);
  });

  it('replaces a connection whose read is not answered', async () => {
    const read = readOn(300);
    await areBlocked();
    // The server goes on, but answers nobody who reads.
    for (const { client } of cluster.primaries) await client.call('CLIENT', 'PAUSE', '3000', 'ALL');
    await expect(read).resolves.toEqual([]);
    let fault: unknown;
    await until(async () => {
      await readOn(100).catch((error: unknown) => {
        fault = error;
      });
      return fault !== undefined;
    }, 'the fault of a late read');
    expect(String(fault)).toMatch(/not answered/);
    for (const { client } of cluster.primaries) await client.call('CLIENT', 'UNPAUSE');
    await add('{q2}:s', 'z');
    await until(async () => (await readOn().catch((): string[] => [])).includes('z'), 'an entry');
  });

  it('looks at slots beyond the connections that it may open, and brings what is there', async () => {
    const few = openReader(options(), commands, 1);
    try {
      const read = readAfter(few, positions, 10, BLOCK_MS);
      await areBlocked(1);
      await add('{q3}:s', 'seen');
      expect(textsOf(await read)).toEqual(['seen']);
    } finally {
      await few.endReads();
      few.disconnect();
    }
  });
});
