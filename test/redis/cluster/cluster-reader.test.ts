import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { BLOCK_MS, connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { openReader } from '../../../src/redis/reads/open-reader.ts';
import { readAfter } from '../../../src/redis/reads/read-after.ts';
import type { StreamReader } from '../../../src/redis/reads/stream-reader.ts';
import { useCluster } from '../../helpers/redis/cluster.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';

const STREAMS = ['{q0}:s', '{q1}:s', '{q2}:s', '{q3}:s'];

const cluster = useCluster();
let commands: Connection;
let reader: StreamReader;
let positions: Map<string, string>;

beforeEach(async () => {
  const options = { url: cluster.url, name: 'test', scripts: [] };
  commands = connectForWork(options);
  await untilConnected(commands);
  reader = openReader(options, commands);
  positions = new Map();
  for (const stream of STREAMS) {
    await commands.del(stream);
    positions.set(stream, '0-0');
  }
});
afterEach(() => {
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
const add = (stream: string, text: string) => commands.xadd(stream, '*', 'text', text);
const blockedReads = async (): Promise<number> => {
  const infos = await Promise.all(cluster.primaries.map(({ client }) => client.info('clients')));
  return infos.reduce((sum, info) => sum + Number(/blocked_clients:(\d+)/.exec(info)?.[1]), 0);
};
const areBlocked = () => until(async () => (await blockedReads()) === STREAMS.length, 'a read at each slot');

describe('a reader of a Cluster', () => {
  it('reads streams of several slots and primaries', async () => {
    expect(new Set(STREAMS.map(slotOf)).size).toBe(STREAMS.length);
    await Promise.all(STREAMS.map((stream) => add(stream, stream)));
    const seen: string[] = [];
    while (seen.length < STREAMS.length) seen.push(...(await readOn()));
    expect(seen.sort()).toEqual(STREAMS);
  });

  it('ends all reads when one of them brings something, and loses nothing', async () => {
    for (const text of ['a', 'b', 'c']) {
      const read = readOn();
      await areBlocked();
      await add('{q2}:s', text);
      expect(await read).toEqual([text]);
      expect(await blockedReads()).toBe(0);
    }
  });

  it('ends a read without a reply, when interrupted', async () => {
    const read = readOn();
    await areBlocked();
    await reader.interrupt();
    expect(await read).toEqual([]);
    expect(await blockedReads()).toBe(0);
  });

  it('resolves to nothing when nothing comes in time', async () => {
    expect(await readOn(50)).toEqual([]);
  });

  it('goes on at the other slots while a connection is lost, and tells the fault after what it has read', async () => {
    const read = readOn();
    await areBlocked();
    const [first] = cluster.primaries;
    const list = String(await first?.client.call('CLIENT', 'LIST'));
    const blocked = list.split('\n').filter((line) => line.includes('cmd=xread'));
    for (const line of blocked)
      await first?.client.call('CLIENT', 'KILL', 'ID', /id=(\d+)/.exec(line)?.[1] ?? '');
    expect(blocked.length).toBeGreaterThan(0);
    await areBlocked();
    await add('{q0}:s', 'x');
    expect(await read).toEqual(['x']);
    await expect(readOn(300)).rejects.toThrow();
    await add('{q1}:s', 'y');
    expect(await readOn()).toEqual(['y']);
  });
});
