import { entryTime, parseRef } from '../../redis/job-id.ts';
import type { Place, QueueKeys } from '../../redis/keys.ts';

/** An entry that a consumer has taken. */
export interface Delivery {
  keys: QueueKeys;
  place: Place;
  entryId: string;
  /** As stored: t, task, p, payload, o, options; not checked, since anybody may XADD. */
  fields: string[];
  /** From 1, since the submit or the last retry by hand. */
  attempt: number;
  /** How often the entry was delivered in all: the fencing token of this delivery. */
  token: number;
  /** Whether a handler has started on it before, in an attempt that was released. */
  begun: boolean;
  /** How often a process died while it ran the job. */
  losses: number;
  /** When it was taken, Unix ms by the clock of Redis. */
  takenAt: number;
  /** When it became ready to run, Unix ms: its submit, or its due time. */
  readyAt: number;
  /** Somebody asked to cancel it while an earlier attempt ran. */
  cancelAsked: boolean;
  /** JSON text that an earlier attempt left for this one. */
  checkpoint?: string;
}

/**
 * A take ends once the payloads and options of its jobs have this many bytes together: bounds the time for which it keeps Redis
 * busy, and the reply.
 */
export const TAKEN_BYTES = 1_048_576;
/** Most entries of the first read of a lane: how large they are is known only then. */
export const FIRST_READ = 16;

export interface TakeOptions {
  /** Most jobs to take; with 0 only the wake tokens and started jobs are handled. */
  count: number;
  /** A priority (index from 1, as in `PRIORITIES`) whose first `share` jobs go before the others; 0 for none. */
  favouredLane: number;
  share: number;
  /** These are due jobs rather than entries of the lane, as far as there are both. Default: false. */
  favoursDue?: boolean;
  /** How many entries of a lane to read at first, at most `FIRST_READ`: which is the default: fewer where jobs are large. */
  firstRead?: number;
  /** Classes of held jobs that this consumer can run. */
  classes: readonly string[];
  /** Ids of the wake tokens that woke this consumer. */
  tokens: readonly string[];
  /** Refs of jobs that a blocking read delivered. */
  begun: readonly string[];
  /** Refs of jobs that a blocking read delivered from a queue with limits: they wait for their turn again. Default: none. */
  toAdmit?: readonly string[];
}

export type Taken =
  /** `now`: the time of Redis, Unix ms. */
  | {
      kind: 'taken';
      now: number;
      deliveries: Delivery[];
      paused: boolean;
      /** The queue holds jobs, of whatever class; false while it is paused. */
      hasHolds: boolean;
      /** The jobs have as many bytes as one take may bring: there may be more. */
      isCut: boolean;
      /** The queue has limits: a job may start only if a take has brought it. */
      isLimited: boolean;
      /** The queue itself has no limit, only its keys may: a job that waits in a process uses up none that others could use. */
      allowsReadAhead: boolean;
      /** No more jobs may start now. `nextDueInMs` says when to try again; undefined: when a job ends. */
      isAtLimit: boolean;
      nextDueInMs: number | undefined;
    }
  /** The lease is not (or no longer) there: register it again before taking. */
  | { kind: 'no-lease' };

/**
 * `heads`: JSON, since that is far cheaper to read than a reply of lists. The head of a first delivery out of a lane has only
 * the first three members; `task` is the list of all fields where they are not those that we write.
 */
type Head = [
  ref: string,
  task: string | string[],
  options: string,
  ...more:
    | []
    | [
        token: number,
        attempt: number,
        losses: number,
        readyAt: number,
        cancelAsked: number,
        begun: number,
        checkpoint?: string,
      ],
];

/**
 * What `take()` returns. `state`: 1 for a paused queue, else the sum of 2 for one that holds jobs, 4 for a take that ended at its
 * bytes, 8 for one with limits, 16 for one at its limit and 32 for one with limits for all its jobs together. `nextDue`: ms until the
 * next due time, the next start that a rate allows, or the end of the pause, or -1.
 */
export type TakeReply =
  | ['no-lease']
  | ['ok', now: number, state: number, nextDue: number, heads: string, ...payloads: string[]];

/** Most takes have none. */
export const encodeClasses = (classes: readonly string[]): string =>
  classes.length === 0 ? '' : JSON.stringify(classes);

export function decodeTaken(keys: QueueKeys, reply: TakeReply): Taken {
  if (reply[0] === 'no-lease') return { kind: 'no-lease' };
  const [, now, state, nextDue, heads, ...payloads] = reply;
  const deliveries = (JSON.parse(heads) as Head[]).map((head, i) =>
    decodeDelivery(keys, now, head, payloads[i] ?? ''),
  );
  return {
    kind: 'taken',
    now,
    deliveries,
    paused: state === 1,
    hasHolds: (state & 2) !== 0,
    isCut: (state & 4) !== 0,
    isLimited: (state & 8) !== 0,
    allowsReadAhead: (state & 32) === 0,
    isAtLimit: (state & 16) !== 0,
    nextDueInMs: nextDue < 0 ? undefined : nextDue,
  };
}

function decodeDelivery(
  keys: QueueKeys,
  takenAt: number,
  [ref, task, options, token = 1, attempt = 1, losses = 0, readyAt, asked = 0, begun = 0, checkpoint]: Head,
  payload: string,
): Delivery {
  const { place, entryId } = parseRef(ref);
  return {
    keys,
    place,
    entryId,
    fields: typeof task === 'string' ? ['t', task, 'p', payload, 'o', options] : task,
    token,
    attempt,
    losses,
    begun: begun === 1,
    takenAt,
    readyAt: readyAt ?? entryTime(entryId),
    cancelAsked: asked === 1,
    ...(checkpoint !== undefined && { checkpoint }),
  };
}
