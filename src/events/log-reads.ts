import { bySlot } from '../redis/cluster/slots.ts';
import type { Connection } from '../redis/connection.ts';
import { isNoKey } from '../redis/faults.ts';

/** What an events stream still holds. */
export interface StreamExtent {
  /** Id of its oldest entry; undefined when it is empty. */
  readonly first: string | undefined;
  /** The last entry id that it gave. */
  readonly last: string;
  /** Entries ever added. */
  readonly added: number;
  /** Entries added and trimmed since. */
  readonly dropped: number;
}

export type StreamEntries = [id: string, fields: string[]][];

/** What several events streams held at one moment. */
export interface StreamsReading {
  /** In the order of the keys, undefined where there is no stream; empty unless requested. */
  readonly extents: readonly (StreamExtent | undefined)[];
  /** By key; streams without entries are left out. */
  readonly entries: ReadonlyMap<string, StreamEntries>;
}

/** A stream to read: its key, and the entry id after which to start. */
export interface StreamStart {
  readonly key: string;
  readonly after: string;
}

/**
 * The next entries of each stream, at most `count` each, and with `withExtents` what each holds, at one moment: in a Cluster those
 * of each slot.
 */
export async function readEvents(
  redis: Connection,
  streams: readonly StreamStart[],
  count: number,
  withExtents: boolean,
): Promise<StreamsReading> {
  const parts = bySlot(redis, streams, ({ key }) => key);
  const readings = await Promise.all(parts.map((part) => readTogether(redis, part, count, withExtents)));
  const [only] = readings;
  if (only !== undefined && readings.length === 1) return only;
  const extents = new Map(
    parts.flatMap((part, i) => part.map(({ key }, j) => [key, readings[i]?.extents[j]])),
  );
  return {
    extents: withExtents ? streams.map(({ key }) => extents.get(key)) : [],
    entries: new Map(readings.flatMap(({ entries }) => [...entries])),
  };
}

async function readTogether(
  redis: Connection,
  streams: readonly StreamStart[],
  count: number,
  withExtents: boolean,
): Promise<StreamsReading> {
  const keys = streams.map(({ key }) => key);
  const transaction = redis.multi();
  if (withExtents) for (const key of keys) transaction.xinfo('STREAM', key);
  transaction.xread('COUNT', count, 'STREAMS', ...keys, ...streams.map(({ after }) => after));
  const replies = (await transaction.exec()) ?? [];
  const [failed, read] = replies.at(-1) ?? [new Error('no reply to a transaction')];
  if (failed) throw failed;
  return {
    extents: replies.slice(0, -1).map(([error, info]) => extentOf(error, info)),
    entries: new Map((read ?? []) as [string, StreamEntries][]),
  };
}

/** Decodes a reply to XINFO STREAM in a transaction; undefined when there is no stream. */
export function extentOf(error: Error | null, info: unknown): StreamExtent | undefined {
  if (isNoKey(error)) return undefined;
  if (error) throw error;
  const first = fieldOf(info, 'first-entry') as [string, string[]] | null;
  const added = Number(fieldOf(info, 'entries-added'));
  return {
    first: first?.[0],
    last: String(fieldOf(info, 'last-generated-id')),
    added,
    dropped: added - Number(fieldOf(info, 'length')),
  };
}

/** A value from a flat reply of names and values, such as that of XINFO; undefined when the name is missing. */
export function fieldOf(reply: unknown, name: string): unknown {
  const flat = reply as unknown[];
  const at = flat.indexOf(name);
  return at < 0 ? undefined : flat[at + 1];
}

/** The last entry id that the stream gave; '0-0' when there is no stream. */
export async function lastEventEntry(redis: Connection, key: string): Promise<string> {
  const { extents } = await readEvents(redis, [{ key, after: '0-0' }], 1, true);
  return extents[0]?.last ?? '0-0';
}
