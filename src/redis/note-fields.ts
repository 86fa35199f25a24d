/**
 * The fields of the hash of notes: `<ref>:<letter>`, here with the colon. A note is there only while it says something.
 * All of a job's notes are deleted when the job leaves a result or its entry is gone; `requeue` is a retry by hand.
 */
export const NOTE_FIELDS = {
  /** Deliveries that failed. Written by retry, bury, recover and requeue. */
  failedDeliveries: ':a',
  /** Start of the last delivery, Unix ms. Written by bury and release; deleted by requeue. */
  startedAt: ':b',
  /** When somebody asked to cancel the running job, Unix ms. Written by cancel; deleted by requeue. */
  cancelAskedAt: ':c',
  /** Errors of the last ten failed attempts, a line of JSON each. Written by retry, bury and recover. */
  errors: ':e',
  /** First ref of the job that follows it in its place, and waits for its end. Written by submit-unique. */
  follower: ':f',
  /**
   * Where the job is, or was last, held: its member of `holds` without the ref. Written by hold, submit-unique and takes. A job of a lane
   * that is held for its key has none: `ownHeldPlace`.
   */
  heldAs: ':h',
  /** Processes that died, or had to be replaced, while they ran the job. Written by recover and release; deleted by requeue. */
  losses: ':k',
  /** Last move, its token and its lease, to know a repeated call. Written by retry, bury and release; deleted by recover and requeue. */
  lastMove: ':l',
  /** Those of the failed deliveries that a retry by hand has forgiven. Written by requeue. */
  failedBeforeRequeue: ':n',
  /** What an attempt left for the next one, JSON. Written and deleted by note-checkpoint. */
  checkpoint: ':s',
  /** '1': the job has a log. Written by append-log. */
  logged: ':g',
  /** The key that the job counts for while it runs. Written by an earlier release, which had no hash `runsFor`. */
  runsFor: ':y',
  /** Progress of the running attempt, JSON. Written by note-progress; deleted by retry, release, recover and requeue. */
  progress: ':p',
  /** Lease that failed the job for good. Written by bury; deleted by requeue. */
  worker: ':w',
} as const;

/** The same as strings of Lua, for `ref .. ${NOTE.errors}`. */
export const NOTE = Object.fromEntries(
  Object.entries(NOTE_FIELDS).map(([name, field]) => [name, `'${field}'`]),
) as Readonly<Record<keyof typeof NOTE_FIELDS, string>>;
