import { PRIORITIES, type Priority } from '../schemas/values/names.ts';

/** The streams of a queue: one lane for each priority, and `parked` for jobs submitted for later. */
export const PLACES = [...PRIORITIES, 'parked'] as const;
export type Place = (typeof PLACES)[number];

/** The consumer group of every stream of jobs. */
export const GROUP = 'workers';

/** A value for each stream of a queue. */
export type PerPlace = Readonly<Record<Place, string>>;

/** Every Redis key of one queue. All share a hash tag, so that one script can move a job between them. Scores are Unix ms. */
export interface QueueKeys {
  readonly queue: string;
  /** Streams of jobs, with the group `workers`. */
  readonly stream: PerPlace;
  /** Sorted set, score = start time: jobs submitted for later that never ran. Their entries are in `parked`. */
  readonly scheduled: string;
  /**
   * Sorted set: jobs of `parked` of another priority than normal that have not ended; score = priority and time. Scripts read
   * there which of `scheduled` and the due ones goes first; where a job waits is said by those.
   */
  readonly ranked: string;
  /** Sorted sets, score = due time: entries of that stream that wait for another attempt. */
  readonly due: PerPlace;
  /** Sorted sets, score = time of the failure: dead letters of that stream. */
  readonly dead: PerPlace;
  /** Sorted set, score 0: jobs that wait for a worker that can run them. src/lifecycle/hold-class.ts says what a member is. */
  readonly holds: string;
  /** Sorted set, score = expiry: jobs that expire at that time unless they have started. */
  readonly expiring: string;
  /** Sorted set, score = expiry: consumer names. */
  readonly leases: string;
  /** Sparse hash: `<ref>:<field>`. src/README.md lists the letters of the fields. */
  readonly notes: string;
  /**
   * Hash of jobs that were changed while they waited: first ref -> present ref, and `first:<present ref>` -> first ref. A changed
   * job has a new entry, and keeps its id.
   */
  readonly changed: string;
  /** Hash: digest of the place of unique jobs -> the job that was stored there last. src/lifecycle/scripts/unique says more. */
  readonly uniques: string;
  /** Prefix of the keys of results, for scripts that find the refs of these themselves. See `result`. */
  readonly results: string;
  /** Sorted set, score 0: jobs with tags, a member for each tag. src/lifecycle/scripts/tags/tag-place.ts says what a member is. */
  readonly tagged: string;
  /** Prefix of the keys of logs of jobs, for scripts that find the refs of these themselves. See `log`. */
  readonly logs: string;
  /** Capped stream: jobs whose log has got lines, for those who follow one. */
  readonly logHints: string;
  /** Capped stream of job events. */
  readonly events: string;
  /** Hash: name of a durable subscription -> its options, JSON. */
  readonly subscriptions: string;
  /** Capped stream that every worker reads: cancel requests, classes of held jobs, changed limits, drains. */
  readonly control: string;
  /** Stream of wake tokens. Each wakes one idle worker. */
  readonly wake: string;
  /** String with a TTL: up to when the rate of the queue is used, Unix us. */
  readonly rateUse: string;
  /** Sorted set: keys with held jobs that may start. src/lifecycle/scripts/keys/turns.ts says what the score is. */
  readonly turns: string;
  /** Sorted set, score 0: the running jobs that have a key, `<key>\n<ref>`. */
  readonly runningKeys: string;
  /** Hash: ref of a running job -> the key that it counts for, as JSON writes it, without quotes; where keys have limits. */
  readonly runsFor: string;
  /** Sorted set: keys, score = up to when their rate is used, Unix us. */
  readonly keyRates: string;
  /** Sorted set: keys with held jobs, score = when their rate allows the next start, Unix ms. */
  readonly keyTimes: string;
  /** Hash of lifetime counts. */
  readonly totals: string;
  /**
   * Hash: `paused`, the start of the pause and, if it ends by itself, its end, Unix ms; `maxJobs`; `submitEvents`; the limits of
   * lifecycle/limits/settings.ts; `heal:<stream>` while a recreated group catches up; `hold`, the number of event entries kept for
   * subscriptions; `changed` while there may be changed jobs; `unique` once there was a unique job.
   */
  readonly settings: string;
  /** Hash: schedule id -> definition, JSON. */
  readonly schedules: string;
  /** Hash: schedule id -> state, JSON. */
  readonly scheduleStates: string;
  /** Sorted set, score = next fire time: schedule ids. */
  readonly slots: string;
  /** Hash: task name -> announcement. */
  readonly tasks: string;
  /** Capped stream of counter samples, from which rates are computed. */
  readonly samples: string;
  /** Hash with a TTL: histogram of wait and run times in one time window. */
  latency(window: number): string;
  /** Hash: entries that a subscription has lost, where its redelivery starts, and partly acknowledged entries. */
  subscription(name: string): string;
  /** String with a TTL: result record of a finished job. */
  result(ref: string): string;
  /** List: the log of a job. It gets the TTL of the result when the job ends. */
  log(ref: string): string;
  /** String with a TTL: the highest token that this request of an HTTP lease failed, and refs of the jobs it took. */
  handed(consumer: string, request: string): string;
  /** String with a TTL: what the submit with this Idempotency-Key stored. */
  idempotency(key: string): string;
}

/** Key of the set of registered queue names. */
export const queuesKey = (prefix: string): string => `${prefix}:queues`;

/** Key of the sorted set of queues that were removed lately; score = when, Unix ms. */
export const removedQueuesKey = (prefix: string): string => `${prefix}:removed`;

/** Key of the sorted set of queues with HTTP workers; score = when that was last recorded, Unix ms. */
export const httpQueuesKey = (prefix: string): string => `${prefix}:served`;

/** Key of the hash: schedule id -> its queue, and the version of that entry. */
export const schedulesKey = (prefix: string): string => `${prefix}:schedules`;

/** Key of the hash: queue with schedules -> the version of that entry. */
export const scheduledQueuesKey = (prefix: string): string => `${prefix}:scheduled-queues`;

/** Key of the lock that a writer of a schedule holds while it writes. */
export const scheduleLockKey = (prefix: string, id: string): string => `${prefix}:schedule-lock:${id}`;

/** Key of the string that exists while a recent repair of schedules makes another one needless. */
export const scheduleHealKey = (prefix: string): string => `${prefix}:schedule-heal`;

/** Key of the string with a TTL: when the bucket of an access key is full again, Unix us. */
export const rateKey = (prefix: string, id: string): string => `${prefix}:rate:${id}`;

/** Keys of the audit: capped streams of calls that managed something, and of refused calls. */
export const auditKeys = (prefix: string) => ({
  calls: `${prefix}:audit`,
  refused: `${prefix}:audit-refused`,
});

/** Key of the hash: the settings that all processes should share -> when a process last had them, Unix ms, and its host. */
export const configurationsKey = (prefix: string): string => `${prefix}:configurations`;

/** Keys of workers: a sorted set, score = when they are forgotten; a hash, name -> record; a sorted set of those that drain, and until when. */
export const workerKeys = (prefix: string) => ({
  workers: `${prefix}:workers`,
  records: `${prefix}:worker-records`,
  draining: `${prefix}:draining`,
});

/** Keys of access keys: a hash, id -> record; a sorted set of the ids, score 0; a hash, id -> last use, Unix ms. */
export const accessKeys = (prefix: string) => ({
  records: `${prefix}:keys`,
  ids: `${prefix}:key-ids`,
  uses: `${prefix}:key-uses`,
});
export type AccessKeys = ReturnType<typeof accessKeys>;

/** Key that never exists. An empty write to it shows whether Redis accepts writes. */
export const probeKey = (prefix: string): string => `${prefix}:probe`;

/** The keys of a queue. Every queue has one part today; `part` reserves names for queues over several hash slots. */
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
    ranked: `${root}:ranked`,
    due: perPlace('due'),
    dead: perPlace('dead'),
    holds: `${root}:holds`,
    expiring: `${root}:expiring`,
    leases: `${root}:leases`,
    notes: `${root}:notes`,
    changed: `${root}:changed`,
    uniques: `${root}:uniques`,
    results: `${root}:result:`,
    tagged: `${root}:tagged`,
    logs: `${root}:log:`,
    logHints: `${root}:log-hints`,
    events: `${root}:events`,
    subscriptions: `${root}:subscriptions`,
    control: `${root}:control`,
    wake: `${root}:wake`,
    rateUse: `${root}:rate`,
    turns: `${root}:turns`,
    runningKeys: `${root}:running-keys`,
    runsFor: `${root}:runs-for`,
    keyRates: `${root}:key-rates`,
    keyTimes: `${root}:key-times`,
    totals: `${root}:totals`,
    settings: `${root}:settings`,
    schedules: `${root}:schedules`,
    scheduleStates: `${root}:schedule-states`,
    slots: `${root}:slots`,
    tasks: `${root}:tasks`,
    samples: `${root}:samples`,
    latency: (window) => `${root}:latency:${window}`,
    subscription: (name) => `${root}:subscription:${name}`,
    result: (ref) => `${root}:result:${ref}`,
    log: (ref) => `${root}:log:${ref}`,
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

/** Every key of a queue whose name is known without a job, a subscription or a time. */
export const fixedKeys = ({ queue: _, ...keys }: QueueKeys): string[] =>
  Object.values(keys).flatMap((key) => {
    if (typeof key === 'function') return [];
    return typeof key === 'string' ? [key] : inOrder(key);
  });
