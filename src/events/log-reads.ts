import type { Connection } from '../redis/connection.ts';
import { isNoKey } from '../redis/faults.ts';

/** What an events stream still has. */
export interface StreamExtent {
  /** Its oldest entry; undefined when it has none. */
  readonly first: string | undefined;
  /** The last entry id that it has given. */
  readonly last: string;
  /** Entries that it was given. */
  readonly added: number;
  /** Entries that it had and has no more. */
  readonly dropped: number;
}

export type StreamEntries = [id: string, fields: string[]][];

/** What several events streams had at one moment. */
export interface EventsReading {
  /** In the order of the keys; undefined where there is no stream. Only if they were asked for. */
  readonly extents: readonly (StreamExtent | undefined)[];
  /** By key; streams without entries are left out. */
  readonly entries: ReadonlyMap<string, StreamEntries>;
}

/** A stream to read: its key, and the entry id after which to begin. */
export interface ReadFrom {
  readonly key: string;
  readonly after: string;
}

/** The next entries of each stream, at most `count` of each, and with `withExtents` what each has, all at one moment. */
export async function readEvents(
  redis: Connection,
  streams: readonly ReadFrom[],
  count: number,
  withExtents: boolean,
): Promise<EventsReading> {
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

/** Out of what a transaction replied to XINFO STREAM; undefined when there is no stream. */
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

/** A value out of names and values, as XINFO replies them one after the other; undefined when the name is not there. */
export function fieldOf(reply: unknown, name: string): unknown {
  const flat = reply as unknown[];
  const at = flat.indexOf(name);
  return at < 0 ? undefined : flat[at + 1];
}

/** The last entry id that the stream has given; '0-0' when there is none. */
export async function lastEventEntry(redis: Connection, key: string): Promise<string> {
  const { extents } = await readEvents(redis, [{ key, after: '0-0' }], 1, true);
  return extents[0]?.last ?? '0-0';
}
