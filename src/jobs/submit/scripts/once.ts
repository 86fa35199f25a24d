import type { Connection } from '../../../redis/connection.ts';
import { parseRef, type Ref } from '../../../redis/job-id.ts';
import type { QueueKeys } from '../../../redis/keys.ts';
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
  /** What became of each job that might share its place, as `submit-unique` says it; undefined: all were stored. */
  kinds: string[] | undefined;
  /** The fingerprint was made of exact numbers; older releases had rounded them. */
  isExact: boolean;
}

/** The fourth line of a record whose fingerprint is exact. Older releases do not read so far. */
const EXACT = 'exact';

/** Lua: writes `record` as it is, so that WAIT covers what was stored with it. */
export const writeAgain = `redis.call('PEXPIREAT', record, redis.call('PEXPIRETIME', record), 'XX')`;

/** Lua: ends a script whose `record` has remembered an earlier submit with the key. */
export const replay = `
if fingerprint ~= '' then
  local stored = redis.call('GET', record)
  if stored then
    if string.match(stored, '^[^\\n]*') ~= fingerprint then return { 'mismatch' } end
    ${writeAgain}
    return { 'replayed', stored }
  end
end`.trim();

/** Lua: writes `record`, with the arguments of `encodeOnce`; the parameters are expressions for texts. */
export const remember = (refs: string, kinds = `''`): string =>
  `redis.call('SET', record, table.concat({ fingerprint, ${refs}, note, '${EXACT}', refQueues, ${kinds} }, '\\n'), 'PX', recordTtlMs)`;

interface OfQueue {
  readonly keys: QueueKeys;
}

/** What a script needs to remember the submit. */
export const encodeOnce = (entries: readonly OfQueue[], once: Once | undefined) => ({
  fingerprint: once?.fingerprint ?? '',
  recordTtlMs: once?.ttlMs ?? 0,
  note: once?.note ?? '',
  refQueues: once === undefined ? '' : encodeQueues(entries, once.queue),
});

/** Each queue with the number of its jobs that stand together, such as `img 3 default 1`; '' when all are of `usual`. */
function encodeQueues(entries: readonly OfQueue[], usual: string): string {
  if (entries.every(({ keys }) => keys.queue === usual)) return '';
  const runs: { queue: string; count: number }[] = [];
  for (const { keys } of entries) {
    const last = runs.at(-1);
    if (last?.queue === keys.queue) last.count += 1;
    else runs.push({ queue: keys.queue, count: 1 });
  }
  return runs.map(({ queue, count }) => `${queue} ${count}`).join(' ');
}

const decodeQueues = (text: string): string[] =>
  toPairs(text.split(' ')).flatMap(([queue, count]) => new Array<string>(Number(count)).fill(queue));

export function decodeOnce(record: string): Remembered {
  const [fingerprint = '', refs = '', note = '', numbers, queues = '', kinds = ''] = record.split('\n');
  return {
    fingerprint,
    refs: refs === '' ? [] : refs.split(' ').map(parseRef),
    queues: queues === '' ? undefined : decodeQueues(queues),
    note,
    kinds: kinds === '' ? undefined : kinds.split(' '),
    isExact: numbers === EXACT,
  };
}

/** What a key has stored, if it has. */
export async function recallOnce(redis: Connection, key: string): Promise<Remembered | undefined> {
  const record = await redis.get(key);
  return record === null ? undefined : decodeOnce(record);
}
