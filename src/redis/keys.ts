import { PRIORITIES, type Priority } from '../schemas/values/names.ts';

/** The streams of a queue: one lane for each priority, and `parked` for jobs submitted for later. */
export const PLACES = [...PRIORITIES, 'parked'] as const;
export type Place = (typeof PLACES)[number];

/** The one consumer group on every stream of jobs. */
export const GROUP = 'workers';

/** A value for each stream of a queue. */
export type PerPlace = Readonly<Record<Place, string>>;

/** Every Redis key of one queue; all share the hash tag, so that one script may move a job between them. */
export interface QueueKeys {
  readonly queue: string;
  /** Streams of jobs, with the group `workers`. */
  readonly stream: PerPlace;
  /** Sorted set, score = ms: jobs submitted for later that never ran; their entries are in `parked`. */
  readonly scheduled: string;
  /** Sorted sets, score = ms: entries of that stream that wait to be taken again. */
  readonly due: PerPlace;
  /** Sorted sets, score = ms of the end: entries of that stream that failed for good. */
  readonly dead: PerPlace;
  /** Sorted set, score = ms: jobs that lapse at that time unless they have started. */
  readonly expiring: string;
  /** Sorted set, score = expiry ms: consumer names. */
  readonly leases: string;
  /** Hash, sparse: `<ref>:<field>`; its letters are listed in src/README.md. */
  readonly notes: string;
  /** Capped stream of what happened. */
  readonly events: string;
  /** Hash: name of a durable subscription to the events -> its options as JSON; see `scripts/subscription.ts`. */
  readonly subscriptions: string;
  /** Capped stream of cancel requests, read by every worker. */
  readonly control: string;
  /** Stream of tokens, each of which wakes one idle worker. */
  readonly wake: string;
  /** Hash of lifetime counts. */
  readonly totals: string;
  /**
   * Hash: `paused`, `maxJobs`, `heal:<stream>` while a group that was made anew catches up, and `hold`: how many entries of
   * the events are kept while there are subscriptions.
   */
  readonly settings: string;
  /** Hash: schedule id -> definition, JSON. */
  readonly schedules: string;
  /** Hash: schedule id -> how far it has come, JSON. */
  readonly scheduleStates: string;
  /** Sorted set, score = ms: schedule ids by the time at which they are to fire next. */
  readonly slots: string;
  /** Hash: task name -> announcement. */
  readonly tasks: string;
  /** Capped stream of counter readings, from which rates are computed. */
  readonly samples: string;
  /** Hash with a TTL: histogram of waits and runs in one slot of time. */
  latency(slot: number): string;
  /** Hash of a subscription: what it has lost, where it looks for what was not acknowledged, and what was in part. */
  subscription(name: string): string;
  /** String with a TTL: the finished job. */
  result(ref: string): string;
  /** String with a TTL: highest token of what this request of an HTTP lease failed, and refs of the jobs that it took. */
  handed(consumer: string, request: string): string;
  /** String with a TTL: what a submit with this Idempotency-Key stored. */
  idempotency(key: string): string;
}

/** Key of the set of all known queues. */
export const queuesKey = (prefix: string): string => `${prefix}:queues`;

/** Key of the sorted set of the queues that were worked on over HTTP; score = when that was last noted, Unix ms. */
export const servedKey = (prefix: string): string => `${prefix}:served`;
/** Key of the hash: schedule id -> its queue, and a mark of who wrote that last. */
export const schedulesKey = (prefix: string): string => `${prefix}:schedules`;

/** Key of the hash: queue with schedules -> a mark of who wrote that last. */
export const scheduledQueuesKey = (prefix: string): string => `${prefix}:scheduled-queues`;

/** Key of the string that one writer of a schedule has while it writes. */
export const scheduleLockKey = (prefix: string, id: string): string => `${prefix}:schedule-lock:${id}`;

/** Key of the string that tells that a process has lately mended what others have left of schedules. */
export const scheduleHealKey = (prefix: string): string => `${prefix}:schedule-heal`;

/** Key that never exists: writing nothing to it tells whether Redis takes writes. */
export const probeKey = (prefix: string): string => `${prefix}:probe`;

/**
 * The keys of a queue. A queue lives in one part today; `part` keeps room for one queue spread over
 * several hash slots.
 */
export function queueKeys(prefix: string, queue: string, part = 0): QueueKeys {
  const root = `${prefix}:{${part === 0 ? queue : `${queue}/${part}`}}`;
  const perPlace = (kind: string): PerPlace => ({
    critical: `${root}:${kind}:critical`,
    high: `${root}:${kind}:high`,
    normal: `${root}:${kind}:normal`,
    low: `${root}:${kind}:low`,
    parked: `${root}:${kind}:parked`,
  });
  return {
    queue,
    stream: { ...perPlace('lane'), parked: `${root}:parked` },
    scheduled: `${root}:scheduled`,
    due: perPlace('due'),
    dead: perPlace('dead'),
    expiring: `${root}:expiring`,
    leases: `${root}:leases`,
    notes: `${root}:notes`,
    events: `${root}:events`,
    subscriptions: `${root}:subscriptions`,
    control: `${root}:control`,
    wake: `${root}:wake`,
    totals: `${root}:totals`,
    settings: `${root}:settings`,
    schedules: `${root}:schedules`,
    scheduleStates: `${root}:schedule-states`,
    slots: `${root}:slots`,
    tasks: `${root}:tasks`,
    samples: `${root}:samples`,
    latency: (slot) => `${root}:latency:${slot}`,
    subscription: (name) => `${root}:subscription:${name}`,
    result: (ref) => `${root}:result:${ref}`,
    handed: (consumer, request) => `${root}:handed:${consumer}:${request}`,
    idempotency: (key) => `${root}:idem:${key}`,
  };
}

/** The values of a `PerPlace` in the order of `PLACES`, which scripts index from 1. */
export const inOrder = (keys: PerPlace): string[] => PLACES.map((place) => keys[place]);

/** 1-based index of a stream in `inOrder`. */
export const placeIndex = (place: Place): number => PLACES.indexOf(place) + 1;

/** Lanes only, in the order of `PRIORITIES`. */
export const lanes = (keys: QueueKeys): string[] =>
  PRIORITIES.map((priority: Priority) => keys.stream[priority]);
