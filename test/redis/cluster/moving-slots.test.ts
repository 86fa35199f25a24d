import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { slotOf } from '../../../src/redis/cluster/slots.ts';
import { BLOCK_MS, connectForWork } from '../../../src/redis/connect.ts';
import type { Connection } from '../../../src/redis/connection.ts';
import { openReader } from '../../../src/redis/reads/open-reader.ts';
import { readAfter } from '../../../src/redis/reads/read-after.ts';
import type { StreamReader } from '../../../src/redis/reads/stream-reader.ts';
import { type ClusterNode, type StartedCluster, startCluster } from '../../helpers/redis/cluster.ts';
import { failOver, moveSlot, primaryOfSlot } from '../../helpers/redis/cluster-moves.ts';
import { until, untilConnected } from '../../helpers/redis/server.ts';

const STREAMS = ['{q0}:s', '{q1}:s', '{q2}:s'];
/** On another primary. */
const [MOVED = '', OTHER = ''] = STREAMS;
/** A read finds the new node when its server ends it, and that looks at its clients once a second. */
const MOST_LATE_MS = 5_000;

let cluster: StartedCluster;
let commands: Connection;
let reader: StreamReader;
let positions: Map<string, string>;

beforeAll(async () => {
  cluster = await startCluster({ replicas: 1 });
});
afterAll(() => cluster.stop());
beforeEach(async () => {
  const options = { url: cluster.url, name: 'test', scripts: [] };
  commands = connectForWork(options);
  await untilConnected(commands);
  reader = openReader(options, commands);
  // Streams that exist move, too.
  positions = new Map();
  for (const stream of STREAMS)
    positions.set(stream, String(await commands.xadd(stream, '*', 'text', 'old')));
});
afterEach(async () => {
  await reader.endReads();
  reader.disconnect();
  commands.disconnect();
});

const nodes = () => [...cluster.primaries, ...cluster.replicas];

/** Reads on until the text has come. */
async function untilRead(text: string): Promise<void> {
  await until(async () => {
    const read = await readAfter(reader, positions, 10, BLOCK_MS).catch(() => []);
    for (const [stream, entries] of read) positions.set(stream, entries.at(-1)?.[0] ?? '0-0');
    return read.some(([, entries]) => entries.some(([, fields]) => fields?.[1] === text));
  }, text);
}

const areBlocked = () =>
  until(async () => {
    const infos = await Promise.all(nodes().map(({ client }) => client.info('clients')));
    const blocked = infos.map((info) => Number(/blocked_clients:(\d+)/.exec(info)?.[1]));
    return blocked.reduce((sum, one) => sum + one, 0) === STREAMS.length;
  }, 'a read of each slot');

/** How long an entry takes that comes right after the change, ms. */
async function lateAfter(change: () => Promise<unknown>, text: string): Promise<number> {
  const read = untilRead(text);
  await areBlocked();
  await change();
  const at = performance.now();
  await until(() => commands.xadd(MOVED, '*', 'text', text).catch(() => undefined), 'an entry');
  await read;
  return performance.now() - at;
}

const slot = slotOf(MOVED);
const primary = (): Promise<ClusterNode> => primaryOfSlot(nodes(), slot);

describe('a read that is open goes on', () => {
  it('when a replica takes over from its node', async () => {
    const late = await lateAfter(async () => failOver(nodes(), await primary()), 'failed over');
    expect(late).toBeLessThan(MOST_LATE_MS);
  });

  it('when its slot moves to another node', async () => {
    const from = await primary();
    const to = await primaryOfSlot(nodes(), slotOf(OTHER));
    const late = await lateAfter(() => moveSlot(nodes(), slot, from, to), 'moved');
    expect(late).toBeLessThan(MOST_LATE_MS);
  });

  it('when its slot moves to a new node', async () => {
    const from = await primary();
    const late = await lateAfter(async () => {
      const added = await cluster.addNode();
      await moveSlot([...nodes(), added], slot, from, added);
    }, 'added');
    expect(late).toBeLessThan(MOST_LATE_MS);
  });
});
