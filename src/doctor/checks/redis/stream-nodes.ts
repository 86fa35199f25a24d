import { numberOf } from '../../../redis/server/info.ts';
import { type Finding, note, ok } from '../../finding.ts';
import { type Reading, valueIn } from '../../readings/reading.ts';

const MOST_ENTRIES = 4;
const MOST_BYTES = 1_024;

/** Why these: docs/decisions/0005-small-stream-nodes.md. */
export function checkStreamNodes(config: Reading<ReadonlyMap<string, string>>): Finding[] {
  const settings = valueIn(config) ?? new Map<string, string>();
  const entries = numberOf(settings, 'stream-node-max-entries');
  const bytes = numberOf(settings, 'stream-node-max-bytes');
  if (entries === undefined || bytes === undefined) return [];
  // 0 means no limit.
  const isSmall = entries > 0 && entries <= MOST_ENTRIES && bytes > 0 && bytes <= MOST_BYTES;
  if (isSmall) return [ok('stream-nodes', 'Redis frees the memory of ended jobs soon (small stream nodes).')];
  return [
    note('stream-nodes', {
      what: `A node of a stream holds up to ${entries} entries and ${bytes} bytes.`,
      why: 'A few jobs that wait for a retry keep the memory of neighbours that have ended: up to four times as much.',
      todo: `Run: redis-cli CONFIG SET stream-node-max-entries ${MOST_ENTRIES} stream-node-max-bytes ${MOST_BYTES}. Then put both into redis.conf.`,
    }),
  ];
}
