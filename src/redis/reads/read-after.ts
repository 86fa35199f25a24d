import type { StreamEntries, StreamReader } from './stream-reader.ts';

/**
 * Blocks for at most `blockMs` until one of the streams has entries after its position.
 *
 * @param positions stream -> id of the last entry that is known.
 * @param count most entries of each stream.
 */
export const readAfter = (
  reader: StreamReader,
  positions: ReadonlyMap<string, string>,
  count: number,
  blockMs: number,
): Promise<StreamEntries> =>
  reader.read({
    streams: [...positions.keys()],
    after: [...positions.values()],
    blockMs,
    run: (redis, streams, ms) => {
      const after = streams.map((stream) => positions.get(stream) ?? '0-0');
      return ms === 0
        ? redis.xread('COUNT', count, 'STREAMS', ...streams, ...after)
        : redis.xread('COUNT', count, 'BLOCK', ms, 'STREAMS', ...streams, ...after);
    },
  });
