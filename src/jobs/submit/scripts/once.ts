import type { Connection } from '../../../redis/connection.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import { toPairs } from '../../../redis/pairs.ts';

/** Makes a submit happen at most once, however often it is sent. */
export interface Once {
  /** Key of the string that remembers it. */
  key: string;
  /** The queue of that key. */
  queue: string;
  /** Digest of the request; the same key with another fingerprint is a mistake of the client. */
  fingerprint: string;
  ttlMs: number;
  /** One line of text to remember beside the ids. */
  note: string;
}

/** What a key has stored. */
export interface Remembered {
  fingerprint: string;
  /** In the order of the jobs. */
  refs: Ref[];
  /** Queues of the refs, in their order; undefined when all are of the queue that stores the key. */
  queues: string[] | undefined;
  note: string;
  /** The fingerprint was made of exact numbers; older releases had rounded them. */
  isExact: boolean;
}

/** The fourth line of a record whose fingerprint is exact. Older releases do not read so far. */
const EXACT = 'exact';

/** Lua: ends a script whose `record` has remembered an earlier submit with the key. */
export const replay = `
if fingerprint ~= '' then
  local stored = redis.call('GET', record)
  if stored then
    if string.match(stored, '^[^\\n]*') == fingerprint then return { 'replayed', stored } end
    return { 'mismatch' }
  end
end`.trim();

/** Lua: writes `record`; the parameters are expressions for texts. */
export const remember = (refs: string, note: string, refQueues = `''`): string =>
  `redis.call('SET', record, fingerprint .. '\\n' .. ${refs} .. '\\n' .. ${note} .. '\\n${EXACT}\\n' .. ${refQueues}, 'PX', recordTtlMs)`;

const decodeQueues = (text: string): string[] =>
  toPairs(text.split(' ')).flatMap(([queue, count]) => new Array<string>(Number(count)).fill(queue));

export function decodeOnce(record: string): Remembered {
  const [fingerprint = '', refs = '', note = '', numbers, queues = ''] = record.split('\n');
  return {
    fingerprint,
    refs: refs === '' ? [] : refs.split(' ').map(parseRef),
    queues: queues === '' ? undefined : decodeQueues(queues),
    note,
    isExact: numbers === EXACT,
  };
}

/** What a key has stored, if it has. */
export async function recallOnce(redis: Connection, key: string): Promise<Remembered | undefined> {
  const record = await redis.get(key);
  return record === null ? undefined : decodeOnce(record);
}
