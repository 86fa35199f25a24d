/**
 * The shapes of the HTTP API. Made by `npm run openapi` from the OpenAPI document; do not edit.
 * docs/reference/api.md says the same for people.
 */

/** A job to submit. */
export interface SubmitJob {
  /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
  readonly task: string;
  /** The queue in which the job waits. Default "default". 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly queue?: string | undefined;
  /** The input of the task: any JSON value of at most 60 levels. Default null. The service passes its text on unchanged. */
  readonly payload?: unknown | undefined;
  /** The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal. */
  readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined;
  /** For whom or what the job is: a tenant, a document. 1 to 255 characters. */
  readonly key?: string | undefined;
  /** The job starts no sooner than this long after the submit. Default 0. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
  readonly delay?: number | string | undefined;
  /** The job starts no sooner than at this time (RFC 3339). Excludes `delay`. */
  readonly runAt?: string | undefined;
  /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
  readonly attempts?: number | string | undefined;
  /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
  readonly backoff?: {
    /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
    readonly type: 'exponential' | 'fixed';
    /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
    readonly delay: number | string;
    /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
    readonly max?: number | string | undefined;
    /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
    readonly jitter?: number | undefined;
  } | undefined;
  /** The longest time of one attempt. Default: what the task sets, else 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
  readonly timeout?: number | string | undefined;
  /** The job expires if it has not started this long after the submit. Default: never. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
  readonly expiresIn?: number | string | undefined;
  /** How long the job can be read after its end. Default 24 h (RESULT_TTL_MS). Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
  readonly resultTtl?: number | string | undefined;
  /** Your own labels: up to 32 strings of at most 1,024 characters. Names have at most 128 characters. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  /** One job at a time for the same queue, task and `key`. Without `key` the payloads count: those that are equal as JSON are one. `true`: all defaults. */
  readonly unique?: boolean | {
    /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
    readonly key?: string | undefined;
    /** How long a job keeps its place. `ended`: until it has completed, failed for good, expired, or been cancelled or removed (default). `started`: until a worker takes it. */
    readonly until?: 'ended' | 'started' | undefined;
    /** A job keeps its place at least this long after its submit, whatever becomes of it. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
    readonly for?: number | string | undefined;
    /** What happens while another job has the place. `existing`: the answer is 200 with that job (default). `reject`: the answer is 409 `not-unique`. `replace`: the other job gets the new payload, options and time, and keeps its id. While it runs, the new job waits for its end, and later ones replace that. */
    readonly onConflict?: 'existing' | 'reject' | 'replace' | undefined;
  } | undefined;
  /** As `unique` with `replace`, and each submit puts the start off again: the last of many edits runs. Excludes `unique`, `delay` and `runAt`. */
  readonly debounce?: {
    /** The job starts this long after the last submit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
    readonly wait: number | string;
    /** The job starts no later than this long after the first submit. Default: no limit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
    readonly maxWait?: number | string | undefined;
    /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
    readonly key?: string | undefined;
  } | undefined;
  /** When a job of the same queue, task and payload (or `key`), submitted with `cache`, has completed within this time, the answer is 200 with that job, and nothing runs. Submits that miss together become one job. A duration, or an object. Excludes `unique` and `debounce`. */
  readonly cache?: number | string | {
    /** For so long after its completion a job answers later submits. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
    readonly for: number | string;
    /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
    readonly key?: string | undefined;
  } | undefined;
  /** Up to 10 tags, by which `GET /jobs?tag=` finds the job. A tag has 1 to 64 characters, none of them a control character. */
  readonly tags?: readonly string[] | undefined;
  /** Keeps the payload readable after the job has completed, expired or been cancelled. Default false. */
  readonly keepPayload?: boolean | undefined;
}

/** Why an attempt failed. */
export interface JobError {
  /** What went wrong. */
  readonly message: string;
  /** The class of the error, such as `TypeError`. */
  readonly name?: string;
  /** The stack trace. */
  readonly stack?: string;
  /** Further data that the task gave with the error. */
  readonly data?: unknown;
  /** The code of the error, such as `ECONNREFUSED`. */
  readonly code?: string | number;
  readonly cause?: JobError;
  /** The parts of an error that stands for several, at most ten. */
  readonly errors?: readonly JobError[];
  /** The error came from outside the promise of the handler: a promise without a handler for its rejection, a throw in a timer or an event, or a call of `process.exit`. Absent for an error that the handler threw. */
  readonly origin?: 'unhandledRejection' | 'uncaughtException' | 'process.exit';
  /** The attempt that failed, counted from 1. */
  readonly attempt?: number;
  /** When the attempt failed. RFC 3339, UTC. */
  readonly at?: string;
}

/** A job and its state. */
export interface Job {
  /** The id of a job: opaque, URL-safe, at most 96 characters. */
  readonly id: string;
  /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly queue: string;
  /** The task that runs the job. */
  readonly task?: string;
  /** The state of the job. `completed`, `failed`, `cancelled` and `expired` are final. */
  readonly status: 'queued' | 'scheduled' | 'running' | 'retrying' | 'completed' | 'failed' | 'cancelled' | 'expired';
  /** Why a queued job is not handed out. `task`: no worker so far has the task and an input schema that takes the payload. The job waits for such a worker, and spends no attempt. `concurrency`, `rate`: the queue is at that limit. `key`: the key of the job is at one of its limits, or has jobs that came earlier. `unique`: the job has replaced another one that runs, and waits for its end. */
  readonly heldBy?: 'task' | 'concurrency' | 'rate' | 'key' | 'unique';
  /** The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal. */
  readonly priority?: 'critical' | 'high' | 'normal' | 'low';
  /** The key given at submit. */
  readonly key?: string;
  /** The running or last attempt, counted from 1. 0 before the first. */
  readonly attempt: number;
  /** The most attempts in all, or "unlimited". */
  readonly maxAttempts: number | string;
  /** The input of the task. Absent once the job has completed, expired or been cancelled, unless `keepPayload` was set. */
  readonly payload?: unknown;
  /** The labels given at submit. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** The tags of the job. */
  readonly tags?: readonly string[];
  /** The last progress report of the running attempt. */
  readonly progress?: unknown;
  /** What the last attempt left for the next one. Absent once the job has ended otherwise than as `failed`. */
  readonly checkpoint?: unknown;
  /** What the task returned. Present only when completed. */
  readonly result?: unknown;
  readonly error?: JobError;
  /** The last ten failed attempts, oldest first. */
  readonly errors?: readonly JobError[];
  /** When the job was stored. RFC 3339, UTC. */
  readonly createdAt: string;
  /** The job starts no sooner than at this time. RFC 3339, UTC. */
  readonly runAt?: string;
  /** When the running or last attempt started. RFC 3339, UTC. */
  readonly startedAt?: string;
  /** When the job ended. RFC 3339, UTC. */
  readonly finishedAt?: string;
  /** Before the start: the job expires at this time. After the end: the job can be read until this time. */
  readonly expiresAt?: string;
  /** The ended job that this one repeats, see `POST /jobs/{id}/rerun`. */
  readonly rerunOf?: string;
  /** The trace that the job belongs to. Absent when its submit named none. */
  readonly trace?: {
    /** The trace and the span in it (W3C Trace Context). */
    readonly traceparent: string;
    /** What the tracing systems on the way have added. */
    readonly tracestate?: string;
  };
  /** The lease that runs, or last ran, the job. */
  readonly worker?: string;
}

/** Why a request failed (RFC 9457 problem details). Some codes add members, such as `knownTasks`. */
export interface Problem {
  /** The address of a page about the code, relative to the service. */
  readonly type: string;
  /** The code in words: the same text for every problem of this code. */
  readonly title: string;
  /** The HTTP status. */
  readonly status: number;
  /** What is wrong with this request, and what to do about it. */
  readonly detail: string;
  /** The path of the request. */
  readonly instance: string;
  /** What programs should test. Codes never change. */
  readonly code: string;
  /** Names the request in the log of the service. */
  readonly requestId: string;
  /** Each fault of the request. */
  readonly errors?: readonly {
    /** Where the fault is: a JSON pointer (RFC 6901) into the body, query, path or headers. */
    readonly pointer: string;
    /** What is wrong there. */
    readonly detail: string;
  }[];
}

/** The counts, rates and workers of a queue at one moment. */
export interface QueueStats {
  /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly queue: string;
  /** Whether workers are kept from taking jobs. */
  readonly paused: boolean;
  /** When the queue resumes by itself. Absent: only when it is told to. RFC 3339, UTC. */
  readonly pausedUntil?: string;
  /** The most jobs in the queue that have not ended. The service answers further submits with 429. Absent: no limit. */
  readonly maxJobs?: number;
  /** The jobs of the queue by status. */
  readonly counts: {
    /** Jobs that wait for a worker: new ones, and delayed or retried ones whose time has come. Jobs with `heldBy` are among them. */
    readonly queued: number;
    /** Delayed jobs whose start time has not come. */
    readonly scheduled: number;
    /** Jobs that a worker runs. */
    readonly running: number;
    /** Jobs that wait for the time of another attempt. */
    readonly retrying: number;
    /** Jobs whose attempts are spent: the dead letters. */
    readonly failed: number;
  };
  /** Queued jobs that are not handed out, by `heldBy`. */
  readonly held: {
    /** Queued jobs with `heldBy` "task". */
    readonly task: number;
    /** Queued jobs with `heldBy` "concurrency". */
    readonly concurrency: number;
    /** Queued jobs with `heldBy` "rate". */
    readonly rate: number;
    /** Queued jobs with `heldBy` "key". */
    readonly key: number;
    /** Queued jobs with `heldBy` "unique". */
    readonly unique: number;
  };
  /** The ten keys with the most jobs, where the queue limits the jobs of each key or lets keys take turns. Of very many held jobs a sample is looked at. */
  readonly keys?: readonly {
    /** The `key` of the jobs. */
    readonly key: string;
    /** Jobs that wait for their key: it runs or starts as many as it may, or others take their turn. */
    readonly held: number;
    /** Jobs that workers run. */
    readonly running: number;
  }[];
  /** Queued jobs by priority. */
  readonly lanes: {
    /** Queued jobs of priority critical. */
    readonly critical: number;
    /** Queued jobs of priority high. */
    readonly high: number;
    /** Queued jobs of priority normal. */
    readonly normal: number;
    /** Queued jobs of priority low. */
    readonly low: number;
  };
  /** Totals since the queue was created. When nothing moves, `submitted` = sum of `counts` + completed + cancelled + expired + purged. */
  readonly totals: {
    /** Jobs submitted. */
    readonly submitted: number;
    /** Jobs completed. */
    readonly completed: number;
    /** Jobs failed after their last attempt. */
    readonly failed: number;
    /** Jobs cancelled. */
    readonly cancelled: number;
    /** Jobs that did not start in time. */
    readonly expired: number;
    /** Attempts that failed and were followed by another. */
    readonly retried: number;
    /** Jobs taken back from lost workers. */
    readonly recovered: number;
    /** Outcomes rejected because the worker had lost its lease. */
    readonly staleCommits: number;
    /** Failed jobs removed. */
    readonly purged: number;
  };
  /** How long the oldest queued job has waited since it could run, in milliseconds. 0 when none is queued. */
  readonly oldestQueuedMs: number;
  /** The workers with a lease on the queue. */
  readonly workers: readonly {
    /** The lease, as `worker` of its jobs shows it. */
    readonly name: string;
    /** The host of the worker. */
    readonly host: string;
    /** The process id of the worker. */
    readonly pid?: number;
    /** Jobs that the worker runs. */
    readonly running: number;
    /** When the lease expires unless a heartbeat renews it. RFC 3339, UTC. */
    readonly leaseExpiresAt: string;
  }[];
  /** Rates over about the last minute. */
  readonly rates: {
    /** Jobs submitted per minute. */
    readonly submittedPerMin: number;
    /** Jobs completed per minute. */
    readonly completedPerMin: number;
    /** Jobs failed per minute. */
    readonly failedPerMin: number;
  };
  /** Percentiles of waits and runs. Absent members had no jobs. */
  readonly latency: {
    /** The time from when a job may start to its start. Milliseconds, over the last five to ten minutes. */
    readonly waitMs?: {
      /** The median. */
      readonly p50: number;
      /** The 95th percentile. */
      readonly p95: number;
      /** The 99th percentile. */
      readonly p99: number;
    };
    /** The time of an attempt. Milliseconds, over the last five to ten minutes. */
    readonly runMs?: {
      /** The median. */
      readonly p50: number;
      /** The 95th percentile. */
      readonly p95: number;
      /** The 99th percentile. */
      readonly p99: number;
    };
  };
  /** The durable subscriptions of the queue. Absent when there are none. */
  readonly subscriptions?: readonly {
    /** The name of the subscription. */
    readonly name: string;
    /** Entries of events not read yet. */
    readonly backlog: number;
  }[];
  /** The memory of the queue in Redis, in bytes, without results. Absent where Redis refuses MEMORY USAGE. */
  readonly memoryBytes?: number;
}

/** A schedule and its progress. */
export interface Schedule {
  /** The id of the schedule. */
  readonly id: string;
  /** The cron expression. */
  readonly cron?: string;
  /** The IANA time zone of `cron`. */
  readonly timeZone?: string;
  /** The time between two slots, in milliseconds. */
  readonly every?: number;
  /** What happens to slots that no process fired within a minute. `skip`: they are dropped. `one`: the latest fires once (default). `all`: all fire, at most the latest 100 of the last day. */
  readonly misfire: 'skip' | 'one' | 'all';
  /** What happens while the job of the slot before has not ended. `allow`: submit another (default). `skip`: submit none. `replace`: cancel that job first. */
  readonly overlap: 'allow' | 'skip' | 'replace';
  /** There is no slot before this time. RFC 3339, UTC. */
  readonly startAt?: string;
  /** There is no slot after this time. RFC 3339, UTC. */
  readonly endAt?: string;
  /** The most jobs in all. */
  readonly maxRuns?: number;
  /** The window after each slot within which it fires, in milliseconds. */
  readonly window?: number;
  /** The job that the schedule submits, as given. */
  readonly job: Readonly<Record<string, unknown>>;
  /** Whether the schedule is paused. */
  readonly paused: boolean;
  /** Whether the schedule fires no more because `endAt` or `maxRuns` is reached. */
  readonly finished: boolean;
  /** When the schedule was created. RFC 3339, UTC. */
  readonly createdAt: string;
  /** When the schedule was last changed. RFC 3339, UTC. */
  readonly updatedAt: string;
  /** When the schedule fires next. Absent when paused or finished. */
  readonly nextAt?: string;
  /** The last slot whose job was submitted. */
  readonly lastSlot?: string;
  /** The id of the last job that the schedule submitted. */
  readonly lastJob?: string;
  /** Slots whose job was submitted. */
  readonly runs: number;
  /** Slots that the misfire rule dropped. */
  readonly missed: number;
  /** Slots whose job could not be submitted. See `lastSkip`. */
  readonly skipped: number;
  /** The last slot whose job could not be submitted. */
  readonly lastSkip?: {
    /** The time of the slot. RFC 3339, UTC. */
    readonly slot: string;
    /** Why the schedule submitted no job. `overlap`: the job before had not ended. `not-unique`: another job had the place of a unique one. `queue-full`: the queue was full. `key-full`: the key of the job had `perKey.maxJobs` jobs. `not-stored`: Redis could not store the job. */
    readonly reason: 'overlap' | 'not-unique' | 'queue-full' | 'key-full' | 'not-stored';
  };
}

/** A change of a job, or of a queue when `job` is absent. */
export interface Event {
  /** The id of the event: opaque. Send it unchanged in Last-Event-ID, `upTo` or `ids`. */
  readonly id: string;
  /** What happened. `submitted`: a job was stored; only queues with `submitEvents` say so. `released`: a worker gave the job back, which spends no attempt. `recovered`: the service took the job from a lost worker. `requeued`: a client retried a failed job. `changed`: a client changed a waiting job. `paused` and `resumed` are about the queue. */
  readonly type: 'submitted' | 'started' | 'progress' | 'completed' | 'failed' | 'retrying' | 'cancelled' | 'expired' | 'released' | 'recovered' | 'requeued' | 'changed' | 'paused' | 'resumed';
  /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly queue: string;
  /** The job. Absent when the event is about the queue. */
  readonly job?: string;
  /** When it happened. RFC 3339, UTC. */
  readonly at: string;
  /** The progress report of the task. Absent if its JSON has more than 512 characters; then read the job. */
  readonly progress?: unknown;
}

/** The last event of a job stream: an Event that carries the job. */
export type EndEvent = Event & {
  readonly snapshot?: Job;
};

/** The current job: the first NDJSON line of a job stream. The data of the SSE message `job` is the Job alone. */
export interface JobMessage {
  /** The id of the event: opaque. Send it unchanged in Last-Event-ID, `upTo` or `ids`. */
  readonly id: string;
  /** Always `job`. */
  readonly type: 'job';
  readonly job: Job;
}

/** A line of the log of a job. */
export interface LogLine {
  /** The number of the line in the log, counted from 1. */
  readonly line: number;
  /** When the line was written. RFC 3339, UTC. */
  readonly at: string;
  /** The attempt that wrote it. */
  readonly attempt: number;
  /** Its level as the worker said it, in lower case: `debug`, `info`, `warn`, `error` or another. */
  readonly level: string;
  /** Its text. Of a long one the first 4,000 characters are kept. */
  readonly message: string;
}

/** Lines of the log of the job. The message has no id. After a reconnect lines may come again: compare their numbers. */
export interface LogMessage {
  /** Always `log`. */
  readonly type: 'log';
  /** New lines of the log, oldest first. */
  readonly lines: readonly LogLine[];
  /** How many lines before these are not kept. */
  readonly dropped: number;
}

/** Events may be missing here. Read the jobs that you follow again. */
export interface ResetMessage {
  /** The id of the event: opaque. Send it unchanged in Last-Event-ID, `upTo` or `ids`. */
  readonly id: string;
  /** Always `reset`. */
  readonly type: 'reset';
  /** `too-far-back`: the next events have been trimmed. `events-replaced`: Redis was emptied or lost its last writes, so the stream continues with all events it has. `clock-went-back`: events of several queues may be missing or come twice. */
  readonly reason: 'too-far-back' | 'events-replaced' | 'clock-went-back';
  /** The queue with the gap. Absent: any queue of the stream. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly queue?: string;
}

/** The service ends the stream. The message has no id: reconnect with the last id that you got. */
export interface DroppedMessage {
  /** Always `dropped`. */
  readonly type: 'dropped';
  /** `too-slow`: you read too slowly, and too many bytes wait. `stalled`: you have read nothing for about 30 s. `service-stops`: this process stops; reconnect. `access-ended`: your key or token is no longer valid. `redis-unavailable`: reconnect later. `internal-error`: a defect of the service, which its log shows. */
  readonly reason: 'too-slow' | 'stalled' | 'service-stops' | 'access-ended' | 'redis-unavailable' | 'internal-error';
}

/** A durable subscription to the events of a queue. */
export interface Subscription {
  /** The name of a subscription. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly name: string;
  /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
  readonly queue: string;
  /** When the subscription was created. RFC 3339, UTC. */
  readonly createdAt: string;
  /** Entries not read yet. An entry holds the events of one change, often a single one. */
  readonly backlog: number;
  /** Entries read but not acknowledged. */
  readonly unacked: number;
  /** When the oldest unacknowledged entry happened. RFC 3339, UTC. */
  readonly oldestUnackedAt?: string;
  /** Entries that the service dropped before they were fully acknowledged, mostly because of `maxBacklog`. */
  readonly lost: number;
  /** The most entries that the service keeps for the subscription. Older entries are lost unless acknowledged, and `lost` counts them. Default 100000. */
  readonly maxBacklog: number;
  /** Milliseconds to acknowledge events after a read. The service then delivers them again. Default 30000. */
  readonly ackWaitMs: number;
}

/** By operationId. */
export interface Operations {
  submitJob: {
    query: {
      /** The most seconds to wait for the job. The same as `Prefer: wait=N`. Default 0. */
      readonly wait?: number | undefined;
    };
    body: SubmitJob;
    answer: Job;
  };
  findJobs: {
    query: {
      /** Only jobs that have this tag. Give `tag` up to 10 times for jobs that have all of these. */
      readonly tag?: string | readonly string[] | undefined;
      /** Only jobs of this queue. Default: all that you may read; with `tag`, a search over more than 1,000 queues with tagged jobs is refused. With `idempotencyKey`: the queue to which the key belongs, that of the job, or of the first job of a batch; default "default". 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly queue?: string | undefined;
      /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
      readonly task?: string | undefined;
      /** Only jobs in this status. Default: jobs that have not ended, and failed ones. */
      readonly status?: 'queued' | 'scheduled' | 'running' | 'retrying' | 'completed' | 'failed' | 'cancelled' | 'expired' | undefined;
      /** Only jobs submitted at this time or later (RFC 3339). */
      readonly from?: string | undefined;
      /** Only jobs submitted at this time or earlier (RFC 3339). */
      readonly to?: string | undefined;
      /** The jobs that a submit with this Idempotency-Key has stored, in the order of the request. Excludes `tag`, `task`, `status`, `from` and `to`. */
      readonly idempotencyKey?: string | undefined;
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
      /** false: leave out the payload, which may be large. Default true. */
      readonly payload?: boolean | undefined;
    };
    body: undefined;
    answer: {
      /** The jobs of this page. A page ends early once its jobs have some 8 MiB. */
      readonly items: readonly Job[];
      /** Send it as `cursor` to get the next page. Absent on the last page. Earlier pages may be short or empty. */
      readonly nextCursor?: string;
      /** Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. Absent: none. */
      readonly missing?: readonly string[];
    };
  };
  getJob: {
    query: {
      /** The most seconds to wait for the job. The same as `Prefer: wait=N`. Default 0. */
      readonly wait?: number | undefined;
      /** false: leave out the payload, which may be large. Default true. */
      readonly payload?: boolean | undefined;
    };
    body: undefined;
    answer: Job;
  };
  removeJob: {
    query: {};
    body: undefined;
    answer: Job | undefined;
  };
  changeJob: {
    query: {};
    body: {
      /** The input of the task: any JSON value of at most 60 levels. Default null. The service passes its text on unchanged. */
      readonly payload?: unknown | undefined;
      /** The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal. */
      readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined;
      /** The job starts no sooner than this long after the submit. Default 0. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly delay?: number | string | undefined;
      /** The job starts no sooner than at this time (RFC 3339). Excludes `delay`. */
      readonly runAt?: string | undefined;
      /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
      readonly attempts?: number | string | undefined;
      /** The longest time of one attempt. Default: what the task sets, else 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly timeout?: number | string | undefined;
      /** The job expires if it has not started this long after the submit. Default: never. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly expiresIn?: number | string | undefined;
      /** Your own labels: up to 32 strings of at most 1,024 characters. Names have at most 128 characters. */
      readonly metadata?: Readonly<Record<string, string>> | undefined;
      /** Up to 10 tags, by which `GET /jobs?tag=` finds the job. A tag has 1 to 64 characters, none of them a control character. */
      readonly tags?: readonly string[] | undefined;
    };
    answer: Job;
  };
  getJobLog: {
    query: {
      /** Only lines after the line of this number. Default 0: all that are kept. */
      readonly after?: number | undefined;
    };
    body: undefined;
    answer: {
      /** The lines, oldest first. */
      readonly items: readonly LogLine[];
      /** How many lines before these, and after `after`, are not kept. */
      readonly dropped: number;
    };
  };
  cancelJob: {
    query: {};
    body: undefined;
    answer: Job;
  };
  retryJob: {
    query: {};
    body: undefined;
    answer: Job;
  };
  rerunJob: {
    query: Operations['submitJob']['query'];
    body: {
      /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
      readonly task?: string | undefined;
      /** The queue in which the job waits. Default "default". 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly queue?: string | undefined;
      /** The input of the task: any JSON value of at most 60 levels. Default null. The service passes its text on unchanged. */
      readonly payload?: unknown | undefined;
      /** The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal. */
      readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined;
      /** For whom or what the job is: a tenant, a document. 1 to 255 characters. */
      readonly key?: string | undefined;
      /** The job starts no sooner than this long after the submit. Default 0. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly delay?: number | string | undefined;
      /** The job starts no sooner than at this time (RFC 3339). Excludes `delay`. */
      readonly runAt?: string | undefined;
      /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
      readonly attempts?: number | string | undefined;
      /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
      readonly backoff?: {
        /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
        readonly type: 'exponential' | 'fixed';
        /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly delay: number | string;
        /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly max?: number | string | undefined;
        /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
        readonly jitter?: number | undefined;
      } | undefined;
      /** The longest time of one attempt. Default: what the task sets, else 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly timeout?: number | string | undefined;
      /** The job expires if it has not started this long after the submit. Default: never. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly expiresIn?: number | string | undefined;
      /** How long the job can be read after its end. Default 24 h (RESULT_TTL_MS). Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly resultTtl?: number | string | undefined;
      /** Your own labels: up to 32 strings of at most 1,024 characters. Names have at most 128 characters. */
      readonly metadata?: Readonly<Record<string, string>> | undefined;
      /** One job at a time for the same queue, task and `key`. Without `key` the payloads count: those that are equal as JSON are one. `true`: all defaults. */
      readonly unique?: boolean | {
        /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
        readonly key?: string | undefined;
        /** How long a job keeps its place. `ended`: until it has completed, failed for good, expired, or been cancelled or removed (default). `started`: until a worker takes it. */
        readonly until?: 'ended' | 'started' | undefined;
        /** A job keeps its place at least this long after its submit, whatever becomes of it. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly for?: number | string | undefined;
        /** What happens while another job has the place. `existing`: the answer is 200 with that job (default). `reject`: the answer is 409 `not-unique`. `replace`: the other job gets the new payload, options and time, and keeps its id. While it runs, the new job waits for its end, and later ones replace that. */
        readonly onConflict?: 'existing' | 'reject' | 'replace' | undefined;
      } | undefined;
      /** As `unique` with `replace`, and each submit puts the start off again: the last of many edits runs. Excludes `unique`, `delay` and `runAt`. */
      readonly debounce?: {
        /** The job starts this long after the last submit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly wait: number | string;
        /** The job starts no later than this long after the first submit. Default: no limit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly maxWait?: number | string | undefined;
        /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
        readonly key?: string | undefined;
      } | undefined;
      /** When a job of the same queue, task and payload (or `key`), submitted with `cache`, has completed within this time, the answer is 200 with that job, and nothing runs. Submits that miss together become one job. A duration, or an object. Excludes `unique` and `debounce`. */
      readonly cache?: number | string | {
        /** For so long after its completion a job answers later submits. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly for: number | string;
        /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
        readonly key?: string | undefined;
      } | undefined;
      /** Up to 10 tags, by which `GET /jobs?tag=` finds the job. A tag has 1 to 64 characters, none of them a control character. */
      readonly tags?: readonly string[] | undefined;
      /** Keeps the payload readable after the job has completed, expired or been cancelled. Default false. */
      readonly keepPayload?: boolean | undefined;
    };
    answer: Job;
  };
  submitBatch: {
    query: {
      /** true: store all jobs or none. Default false. */
      readonly atomic?: boolean | undefined;
    };
    body: {
      /** The jobs, each as for `POST /jobs`. */
      readonly jobs: readonly SubmitJob[];
    };
    answer: {
      /** The outcomes. */
      readonly items: readonly {
        /** The position of the job in the request, counted from 0. */
        readonly index: number;
        /** 202: the job is stored. 200: another job has its place, which `id` names. Else the status of the problem. */
        readonly status: number;
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id?: string;
        /** true: the job with this id has the place; nothing was stored. */
        readonly deduplicated?: boolean;
        /** true: the job with this id waited, and is the submitted one now. */
        readonly replaced?: boolean;
        /** true: the job with this id has completed lately; nothing was stored. */
        readonly cached?: boolean;
        readonly problem?: Problem;
      }[];
    };
  };
  takeJobs: {
    query: {};
    body: {
      /** The queues to take from, in order of preference. While the first is full, one job in sixteen comes from the others. */
      readonly queues: readonly string[];
      /** The most jobs to take. Default 1. */
      readonly max?: number | undefined;
      /** Milliseconds without a heartbeat after which the lease expires. Its jobs then go to other workers, and the attempt is spent. Default 30000. */
      readonly leaseMs?: number | undefined;
      /** The longest wait for the first job, in milliseconds. Default 0. */
      readonly waitMs?: number | undefined;
      /** A name for people, such as `name-<pid>@host`. Jobs and stats show its first 64 characters. */
      readonly worker?: string | undefined;
      /** The tasks that the worker can run. The service announces them in the queues. A job of another task is not handed out: it waits for a worker that has the task. Absent: the worker gets every job. */
      readonly tasks?: readonly string[] | undefined;
    };
    answer: {
      /** The lease from `POST /leases`. It is not a secret: every client of the API can use it. */
      readonly lease: string;
      /** When the lease expires unless a heartbeat renews it. RFC 3339, UTC. */
      readonly expiresAt: string;
      /** The jobs to run. Empty if none came within `waitMs`; the lease then ends at once. */
      readonly jobs: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly queue: string;
        /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
        readonly task: string;
        /** The input of the task. */
        readonly payload: unknown;
        /** What an earlier attempt left for this one with `POST /jobs/{id}/checkpoint`. */
        readonly checkpoint?: unknown;
        /** This attempt, counted from 1. */
        readonly attempt: number;
        /** The most attempts in all, or "unlimited". */
        readonly maxAttempts: number | string;
        /** The attempt fails if it takes longer, in milliseconds. */
        readonly timeoutMs: number;
        /** The key given at submit. */
        readonly key?: string;
        /** The labels given at submit. */
        readonly metadata?: Readonly<Record<string, string>>;
        /** The trace that the job belongs to. Absent when its submit named none. */
        readonly trace?: {
          /** The trace and the span in it (W3C Trace Context). */
          readonly traceparent: string;
          /** What the tracing systems on the way have added. */
          readonly tracestate?: string;
        };
        /** When the job was stored. RFC 3339, UTC. */
        readonly createdAt: string;
      }[];
      /** A client drains the worker: it gets no more jobs, and should end. Absent: go on. */
      readonly directive?: 'drain';
    };
  };
  renewLease: {
    query: {};
    body: {
      /** Milliseconds without a heartbeat after which the lease expires, rounded and limited to 1000 to 600000. Default: as taken. */
      readonly leaseMs?: number | undefined;
    };
    answer: {
      /** When the lease expires unless a heartbeat renews it. RFC 3339, UTC. */
      readonly expiresAt: string;
      /** Stop these jobs. A client has cancelled them, or their attempt has timed out. */
      readonly cancel: readonly string[];
      /** `continue`: go on. `drain`: finish your jobs and take no more for now. Every queue of the lease is paused, this process stops, or a client drains the worker. */
      readonly directive: 'continue' | 'drain';
    };
  };
  settleJobs: {
    query: {
      /** The most jobs to take next, in the same step. Default 0. */
      readonly next?: number | undefined;
    };
    body: {
      /** Jobs that are done. */
      readonly complete?: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** The result of the task: any JSON value. Default null. Beyond MAX_PAYLOAD_BYTES the job fails with `result-too-large`, and `status` says so. */
        readonly result?: unknown | undefined;
      }[] | undefined;
      /** Jobs whose attempt failed. */
      readonly fail?: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** Why the attempt failed: an object, or just its message. The service shortens long texts, and takes any other JSON as the message. */
        readonly error: {
          /** What went wrong. Default: the JSON of the error. */
          readonly message?: string | undefined;
          /** The class of the error, such as `ValueError`. */
          readonly name?: string | undefined;
          /** The stack trace. */
          readonly stack?: string | undefined;
          /** The code of the error, such as `ECONNREFUSED`. */
          readonly code?: string | number | undefined;
          /** The error that led to this one: an object of the same form, or its message. */
          readonly cause?: unknown | undefined;
          /** The parts of an error that stands for several. */
          readonly errors?: readonly unknown[] | undefined;
          /** Further data: any JSON. The service drops it if it is longer than 16,000 characters. */
          readonly data?: unknown | undefined;
        } | string;
        /** false: the job fails now, without further attempts. Default true. */
        readonly retryable?: boolean | undefined;
        /** Milliseconds before the next attempt, rounded and limited to ten years. Default: the backoff of the job. */
        readonly retryInMs?: number | undefined;
      }[] | undefined;
      /** Jobs to give back. No attempt is spent. */
      readonly release?: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** Milliseconds before another worker can take the job, rounded and limited to ten years. Default 0. */
        readonly delayMs?: number | undefined;
      }[] | undefined;
      /** The tasks that the worker can run. The service announces them in the queues. A job of another task is not handed out: it waits for a worker that has the task. Absent: the worker gets every job. */
      readonly tasks?: readonly string[] | undefined;
    };
    answer: {
      /** An outcome per item: first those of `complete`, then of `fail`, then of `release`. The `id` of an item without an id is empty. */
      readonly items: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** 200: the job is settled. Else the status of the problem. */
        readonly status: number;
        /** The status of the job after this request. `queued`: it can be taken again now; `retrying`: after its delay. */
        readonly jobStatus?: 'completed' | 'queued' | 'retrying' | 'failed' | 'cancelled' | 'running';
        /** Only after a failed attempt that another one follows: milliseconds until it may start. A repeated report gets none. */
        readonly retryInMs?: number;
        readonly problem?: Problem;
      }[];
      /** The lease from `POST /leases`. It is not a secret: every client of the API can use it. */
      readonly lease?: string;
      /** When the lease expires. Only with `next`. RFC 3339, UTC. */
      readonly expiresAt?: string;
      /** The next jobs. Only with `next`. */
      readonly jobs?: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly queue: string;
        /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
        readonly task: string;
        /** The input of the task. */
        readonly payload: unknown;
        /** What an earlier attempt left for this one with `POST /jobs/{id}/checkpoint`. */
        readonly checkpoint?: unknown;
        /** This attempt, counted from 1. */
        readonly attempt: number;
        /** The most attempts in all, or "unlimited". */
        readonly maxAttempts: number | string;
        /** The attempt fails if it takes longer, in milliseconds. */
        readonly timeoutMs: number;
        /** The key given at submit. */
        readonly key?: string;
        /** The labels given at submit. */
        readonly metadata?: Readonly<Record<string, string>>;
        /** The trace that the job belongs to. Absent when its submit named none. */
        readonly trace?: {
          /** The trace and the span in it (W3C Trace Context). */
          readonly traceparent: string;
          /** What the tracing systems on the way have added. */
          readonly tracestate?: string;
        };
        /** When the job was stored. RFC 3339, UTC. */
        readonly createdAt: string;
      }[];
      /** A client drains the worker: it gets no more jobs, and should end. Absent: go on. */
      readonly directive?: 'drain';
    };
  };
  completeJob: {
    query: {
      /** The lease from `POST /leases`. It is not a secret: every client of the API can use it. */
      readonly lease?: string | undefined;
    };
    body: {
      /** The lease that holds the job. Required, here or as `?lease=`. */
      readonly lease?: string | undefined;
      /** The result of the task: any JSON value. Default null. Beyond MAX_PAYLOAD_BYTES the job fails with `result-too-large`, and `status` says so. */
      readonly result?: unknown | undefined;
    };
    answer: {
      /** The id of a job: opaque, URL-safe, at most 96 characters. */
      readonly id: string;
      /** The status of the job after this request. `queued`: it can be taken again now; `retrying`: after its delay. */
      readonly status: 'completed' | 'queued' | 'retrying' | 'failed' | 'cancelled' | 'running';
      /** Only after a failed attempt that another one follows: milliseconds until it may start. A repeated report gets none. */
      readonly retryInMs?: number;
    };
  };
  failJob: {
    query: Operations['completeJob']['query'];
    body: {
      /** The lease that holds the job. Required, here or as `?lease=`. */
      readonly lease?: string | undefined;
      /** Why the attempt failed: an object, or just its message. The service shortens long texts, and takes any other JSON as the message. */
      readonly error: {
        /** What went wrong. Default: the JSON of the error. */
        readonly message?: string | undefined;
        /** The class of the error, such as `ValueError`. */
        readonly name?: string | undefined;
        /** The stack trace. */
        readonly stack?: string | undefined;
        /** The code of the error, such as `ECONNREFUSED`. */
        readonly code?: string | number | undefined;
        /** The error that led to this one: an object of the same form, or its message. */
        readonly cause?: unknown | undefined;
        /** The parts of an error that stands for several. */
        readonly errors?: readonly unknown[] | undefined;
        /** Further data: any JSON. The service drops it if it is longer than 16,000 characters. */
        readonly data?: unknown | undefined;
      } | string;
      /** false: the job fails now, without further attempts. Default true. */
      readonly retryable?: boolean | undefined;
      /** Milliseconds before the next attempt, rounded and limited to ten years. Default: the backoff of the job. */
      readonly retryInMs?: number | undefined;
    };
    answer: Operations['completeJob']['answer'];
  };
  releaseJob: {
    query: Operations['completeJob']['query'];
    body: {
      /** The lease that holds the job. Required, here or as `?lease=`. */
      readonly lease?: string | undefined;
      /** Milliseconds before another worker can take the job, rounded and limited to ten years. Default 0. */
      readonly delayMs?: number | undefined;
    };
    answer: Operations['completeJob']['answer'];
  };
  reportProgress: {
    query: Operations['completeJob']['query'];
    body: {
      /** The lease that holds the job. Required, here or as `?lease=`. */
      readonly lease?: string | undefined;
      /** Any JSON. It appears as `progress` of the job. Of more than 16,000 characters only the beginning is kept, as text. */
      readonly progress?: unknown | undefined;
    };
    answer: Operations['completeJob']['answer'];
  };
  saveCheckpoint: {
    query: Operations['completeJob']['query'];
    body: {
      /** The lease that holds the job. Required, here or as `?lease=`. */
      readonly lease?: string | undefined;
      /** Any JSON of at most 65,536 bytes and 60 levels. The next attempt gets it unchanged; null removes it. A larger one is a 413, and the former one stays. */
      readonly checkpoint: unknown;
    };
    answer: Operations['completeJob']['answer'];
  };
  appendLog: {
    query: Operations['completeJob']['query'];
    body: {
      /** The lease that holds the job. Required, here or as `?lease=`. */
      readonly lease?: string | undefined;
      /** A line, or a list of lines, oldest first: text, or `{ level, message }`. The service shortens long ones, and takes any other JSON as the message. */
      readonly log?: unknown | undefined;
    };
    answer: Operations['completeJob']['answer'];
  };
  listTasks: {
    query: {
      /** Only tasks of this queue. Default: all queues. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly queue?: string | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The tasks of this page. */
      readonly items: readonly {
        /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly queue: string;
        /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
        readonly name: string;
        /** The JSON Schema of the payload. Absent: any payload. */
        readonly input?: unknown;
        /** The JSON Schema of the result. Absent: any result. */
        readonly output?: unknown;
        /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
        readonly attempts?: number | string;
        /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
        readonly backoff?: {
          /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
          readonly type: 'exponential' | 'fixed';
          /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly delay: number | string;
          /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly max?: number | string;
          /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
          readonly jitter?: number;
        };
        /** The longest time of one attempt. Default 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly timeoutMs?: number | string;
        /** When a worker last announced the task. RFC 3339, UTC. */
        readonly announcedAt: string;
        /** In the answer to an announcement: names it, to withdraw no other. */
        readonly release?: string;
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
      /** Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. Absent: none. */
      readonly missing?: readonly string[];
    };
  };
  announceTask: {
    query: {};
    body: {
      /** A JSON Schema of the payload. Default: any payload. */
      readonly input?: Readonly<Record<string, unknown>> | boolean | undefined;
      /** A JSON Schema of the result. Default: any result. */
      readonly output?: Readonly<Record<string, unknown>> | boolean | undefined;
      /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
      readonly attempts?: number | string | undefined;
      /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
      readonly backoff?: {
        /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
        readonly type: 'exponential' | 'fixed';
        /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly delay: number | string;
        /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly max?: number | string | undefined;
        /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
        readonly jitter?: number | undefined;
      } | undefined;
      /** The longest time of one attempt. Default 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly timeoutMs?: number | string | undefined;
    };
    answer: {
      /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly queue: string;
      /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
      readonly name: string;
      /** The JSON Schema of the payload. Absent: any payload. */
      readonly input?: unknown;
      /** The JSON Schema of the result. Absent: any result. */
      readonly output?: unknown;
      /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
      readonly attempts?: number | string;
      /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
      readonly backoff?: {
        /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
        readonly type: 'exponential' | 'fixed';
        /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly delay: number | string;
        /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly max?: number | string;
        /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
        readonly jitter?: number;
      };
      /** The longest time of one attempt. Default 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly timeoutMs?: number | string;
      /** When a worker last announced the task. RFC 3339, UTC. */
      readonly announcedAt: string;
      /** In the answer to an announcement: names it, to withdraw no other. */
      readonly release?: string;
    };
  };
  forgetTask: {
    query: {
      /** The release to withdraw, as the answer to its announcement names it. Default: all but those of TypeScript workers that run. */
      readonly release?: string | undefined;
    };
    body: undefined;
    answer: undefined;
  };
  listWorkers: {
    query: {
      /** Only workers of this queue. Default: all. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly queue?: string | undefined;
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The workers of this page. */
      readonly items: readonly {
        /** The name of the worker: of a program of TypeScript workers, or `worker` of `POST /leases`. HTTP workers without a name are shown as one, `http`. */
        readonly name: string;
        /** `typescript`: a program with its processes. `http`: all that take jobs under this name. */
        readonly kind: 'typescript' | 'http';
        /** The queues that it serves and that you may read, in its order; `*` in a name stands for any characters. */
        readonly queues: readonly string[];
        /** The tasks that it runs, at most 256. Absent: every task, or the worker also serves queues that you may not read. */
        readonly tasks?: readonly string[];
        /** The host of the worker. */
        readonly host?: string;
        /** The process id of the worker. */
        readonly pid?: number;
        /** The version of Millrace that the worker runs. */
        readonly release?: string;
        /** When the worker started; over HTTP: when it was first seen. RFC 3339, UTC. */
        readonly startedAt: string;
        /** When the worker last reported. RFC 3339, UTC. */
        readonly lastSeenAt: string;
        /** When the worker is forgotten unless it reports again. RFC 3339, UTC. */
        readonly expiresAt: string;
        /** Jobs that the worker runs, in these queues. */
        readonly running: number;
        /** Processes that run jobs. */
        readonly processes?: number;
        /** The most jobs that it runs at a time. */
        readonly concurrency?: number;
        /** The leases of the worker, as `worker` of its jobs shows them, at most 256. */
        readonly leases: readonly string[];
        /** Whether it takes no more jobs. */
        readonly draining: boolean;
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
      /** Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. Absent: none. */
      readonly missing?: readonly string[];
    };
  };
  getWorker: {
    query: {};
    body: undefined;
    answer: {
      /** The name of the worker: of a program of TypeScript workers, or `worker` of `POST /leases`. HTTP workers without a name are shown as one, `http`. */
      readonly name: string;
      /** `typescript`: a program with its processes. `http`: all that take jobs under this name. */
      readonly kind: 'typescript' | 'http';
      /** The queues that it serves and that you may read, in its order; `*` in a name stands for any characters. */
      readonly queues: readonly string[];
      /** The tasks that it runs, at most 256. Absent: every task, or the worker also serves queues that you may not read. */
      readonly tasks?: readonly string[];
      /** The host of the worker. */
      readonly host?: string;
      /** The process id of the worker. */
      readonly pid?: number;
      /** The version of Millrace that the worker runs. */
      readonly release?: string;
      /** When the worker started; over HTTP: when it was first seen. RFC 3339, UTC. */
      readonly startedAt: string;
      /** When the worker last reported. RFC 3339, UTC. */
      readonly lastSeenAt: string;
      /** When the worker is forgotten unless it reports again. RFC 3339, UTC. */
      readonly expiresAt: string;
      /** Jobs that the worker runs, in these queues. */
      readonly running: number;
      /** Processes that run jobs. */
      readonly processes?: number;
      /** The most jobs that it runs at a time. */
      readonly concurrency?: number;
      /** The leases of the worker, as `worker` of its jobs shows them, at most 256. */
      readonly leases: readonly string[];
      /** Whether it takes no more jobs. */
      readonly draining: boolean;
    };
  };
  drainWorker: {
    query: {};
    body: undefined;
    answer: Operations['getWorker']['answer'];
  };
  listQueues: {
    query: {
      /** The most queues to return. Default 1,000. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The queues of this page. */
      readonly items: readonly {
        /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly name: string;
        /** Whether workers are kept from taking jobs. */
        readonly paused: boolean;
        /** When the queue resumes by itself. Absent: only when it is told to. RFC 3339, UTC. */
        readonly pausedUntil?: string;
        /** The most jobs in the queue that have not ended. The service answers further submits with 429. Absent: no limit. */
        readonly maxJobs?: number;
        /** The most running jobs of the queue, over all workers. Absent: no limit. */
        readonly concurrency?: number;
        /** How often attempts may start. Absent: no limit. */
        readonly rate?: {
          /** Starts in that time. */
          readonly limit: number;
          /** In which time, in milliseconds. */
          readonly per: number;
          /** Starts at once after a time without any. */
          readonly burst: number;
        };
        /** Limits for the jobs of each `key`. Jobs without a key are not concerned. Absent: no limits. */
        readonly perKey?: {
          /** The most running jobs of a key. Absent: no limit. */
          readonly concurrency?: number;
          /** How often attempts of jobs of a key may start. Absent: no limit. */
          readonly rate?: {
            /** Starts in that time. */
            readonly limit: number;
            /** In which time, in milliseconds. */
            readonly per: number;
            /** Starts at once after a time without any. */
            readonly burst: number;
          };
          /** The most jobs of a key that wait or run. The service answers further submits with 429. Absent: no limit. */
          readonly maxJobs?: number;
        };
        /** Whether keys with waiting jobs take turns, one start each. Absent: no. */
        readonly fair?: boolean;
        /** Whether each stored job makes an event `submitted`. */
        readonly submitEvents: boolean;
        /** The jobs of the queue by status. */
        readonly counts: {
          /** Jobs that wait for a worker: new ones, and delayed or retried ones whose time has come. Jobs with `heldBy` are among them. */
          readonly queued: number;
          /** Delayed jobs whose start time has not come. */
          readonly scheduled: number;
          /** Jobs that a worker runs. */
          readonly running: number;
          /** Jobs that wait for the time of another attempt. */
          readonly retrying: number;
          /** Jobs whose attempts are spent: the dead letters. */
          readonly failed: number;
        };
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
      /** Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. Absent: none. */
      readonly missing?: readonly string[];
    };
  };
  getQueue: {
    query: {};
    body: undefined;
    answer: {
      /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly name: string;
      /** Whether workers are kept from taking jobs. */
      readonly paused: boolean;
      /** When the queue resumes by itself. Absent: only when it is told to. RFC 3339, UTC. */
      readonly pausedUntil?: string;
      /** The most jobs in the queue that have not ended. The service answers further submits with 429. Absent: no limit. */
      readonly maxJobs?: number;
      /** The most running jobs of the queue, over all workers. Absent: no limit. */
      readonly concurrency?: number;
      /** How often attempts may start. Absent: no limit. */
      readonly rate?: {
        /** Starts in that time. */
        readonly limit: number;
        /** In which time, in milliseconds. */
        readonly per: number;
        /** Starts at once after a time without any. */
        readonly burst: number;
      };
      /** Limits for the jobs of each `key`. Jobs without a key are not concerned. Absent: no limits. */
      readonly perKey?: {
        /** The most running jobs of a key. Absent: no limit. */
        readonly concurrency?: number;
        /** How often attempts of jobs of a key may start. Absent: no limit. */
        readonly rate?: {
          /** Starts in that time. */
          readonly limit: number;
          /** In which time, in milliseconds. */
          readonly per: number;
          /** Starts at once after a time without any. */
          readonly burst: number;
        };
        /** The most jobs of a key that wait or run. The service answers further submits with 429. Absent: no limit. */
        readonly maxJobs?: number;
      };
      /** Whether keys with waiting jobs take turns, one start each. Absent: no. */
      readonly fair?: boolean;
      /** Whether each stored job makes an event `submitted`. */
      readonly submitEvents: boolean;
      /** The jobs of the queue by status. */
      readonly counts: {
        /** Jobs that wait for a worker: new ones, and delayed or retried ones whose time has come. Jobs with `heldBy` are among them. */
        readonly queued: number;
        /** Delayed jobs whose start time has not come. */
        readonly scheduled: number;
        /** Jobs that a worker runs. */
        readonly running: number;
        /** Jobs that wait for the time of another attempt. */
        readonly retrying: number;
        /** Jobs whose attempts are spent: the dead letters. */
        readonly failed: number;
      };
    };
  };
  configureQueue: {
    query: {};
    body: {
      /** The most jobs in the queue that have not ended. The service answers further submits with 429. null: no limit. */
      readonly maxJobs?: number | null | undefined;
      /** The most running jobs of the queue, over all workers. null: no limit. */
      readonly concurrency?: number | null | undefined;
      /** How often attempts may start. null: no limit. */
      readonly rate?: {
        /** Starts in that time. */
        readonly limit: number;
        /** In which time. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly per: number | string;
        /** Starts at once after a time without any. Default: `limit`. */
        readonly burst?: number | undefined;
      } | null | undefined;
      /** Limits for the jobs of each `key`. Jobs without a key are not concerned. An absent member keeps its value. null: no limits. */
      readonly perKey?: {
        /** The most running jobs of a key. null: no limit. */
        readonly concurrency?: number | null | undefined;
        /** How often attempts of jobs of a key may start. null: no limit. */
        readonly rate?: {
          /** Starts in that time. */
          readonly limit: number;
          /** In which time. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly per: number | string;
          /** Starts at once after a time without any. Default: `limit`. */
          readonly burst?: number | undefined;
        } | null | undefined;
        /** The most jobs of a key that wait or run. The service answers further submits with 429. null: no limit. */
        readonly maxJobs?: number | null | undefined;
      } | null | undefined;
      /** Whether keys with waiting jobs take turns, one start each. null: no. */
      readonly fair?: boolean | null | undefined;
      /** Whether each stored job makes an event `submitted`. null: no. */
      readonly submitEvents?: boolean | null | undefined;
    };
    answer: Operations['getQueue']['answer'];
  };
  removeQueue: {
    query: {
      /** true: cancel the jobs of the queue, and remove its failed jobs and its schedules, at most 1,000 jobs with each request. Default false. */
      readonly force?: boolean | undefined;
    };
    body: undefined;
    answer: {
      /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
      readonly name: string;
      /** The jobs of the queue by status. */
      readonly counts: {
        /** Jobs that wait for a worker: new ones, and delayed or retried ones whose time has come. Jobs with `heldBy` are among them. */
        readonly queued: number;
        /** Delayed jobs whose start time has not come. */
        readonly scheduled: number;
        /** Jobs that a worker runs. */
        readonly running: number;
        /** Jobs that wait for the time of another attempt. */
        readonly retrying: number;
        /** Jobs whose attempts are spent: the dead letters. */
        readonly failed: number;
      };
      /** Schedules whose jobs go to the queue. */
      readonly schedules: number;
    } | undefined;
  };
  getQueueStats: {
    query: {};
    body: undefined;
    answer: QueueStats;
  };
  listJobs: {
    query: {
      /** Only jobs in this status. Default: jobs that have not ended, and failed ones. */
      readonly status?: 'queued' | 'scheduled' | 'running' | 'retrying' | 'completed' | 'failed' | 'cancelled' | 'expired' | undefined;
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
      /** false: leave out the payload, which may be large. Default true. */
      readonly payload?: boolean | undefined;
    };
    body: undefined;
    answer: Operations['findJobs']['answer'];
  };
  cancelJobs: {
    query: {
      /** Which jobs: those that wait with this status are cancelled, failed ones are removed. Cancel a running job with POST /jobs/{id}/cancel. */
      readonly status: 'queued' | 'scheduled' | 'retrying' | 'failed';
      /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
      readonly task?: string | undefined;
      /** Only jobs that have this tag. Give `tag` up to 10 times for jobs that have all of these. */
      readonly tag?: string | readonly string[] | undefined;
      /** The most jobs to check in this step. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the step before, unchanged. Absent: the first step. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** Jobs that this step retried, cancelled or removed. */
      readonly count: number;
      /** More jobs remain: send it as `cursor`. Absent after the last step. */
      readonly nextCursor?: string;
    };
  };
  listPending: {
    query: {
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The running jobs, the oldest of each lane first. */
      readonly items: readonly {
        /** The id of a job: opaque, URL-safe, at most 96 characters. */
        readonly id: string;
        /** The name of a queue. 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly queue: string;
        /** The task of the job. */
        readonly task?: string;
        /** The lease that runs the job. */
        readonly worker: string;
        /** The running attempt, counted from 1. */
        readonly attempt: number;
        /** When the attempt started. RFC 3339, UTC. */
        readonly startedAt: string;
        /** Milliseconds since the start of the attempt. */
        readonly runningMs: number;
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
      /** Queues that this page lacks, since the primary of a Redis Cluster that has them does not answer now. Absent: none. */
      readonly missing?: readonly string[];
    };
  };
  listAllPending: {
    query: Operations['listPending']['query'];
    body: undefined;
    answer: Operations['listPending']['answer'];
  };
  retryDead: {
    query: {};
    body: {
      /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
      readonly task?: string | undefined;
      /** Only jobs that have this tag. Give `tag` up to 10 times for jobs that have all of these. */
      readonly tag?: string | readonly string[] | undefined;
      /** Only jobs whose last error contains this text in `name: message`. Default: any error. */
      readonly error?: string | undefined;
      /** The most failed jobs to check in this step. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the step before, unchanged. Absent: the first step. */
      readonly cursor?: string | undefined;
    };
    answer: Operations['cancelJobs']['answer'];
  };
  purgeDead: {
    query: Operations['retryDead']['body'];
    body: undefined;
    answer: Operations['cancelJobs']['answer'];
  };
  pauseQueue: {
    query: {};
    body: {
      /** The queue resumes by itself at this time (RFC 3339). Excludes `for`. */
      readonly until?: string | undefined;
      /** The queue resumes by itself after this long. Excludes `until`. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly for?: number | string | undefined;
    };
    answer: Operations['getQueue']['answer'];
  };
  resumeQueue: {
    query: {};
    body: undefined;
    answer: Operations['getQueue']['answer'];
  };
  listQueueKeys: {
    query: Operations['listPending']['query'];
    body: undefined;
    answer: {
      /** The keys of this page. */
      readonly items: readonly {
        /** The `key` of the jobs. */
        readonly key: string;
        /** Jobs that wait for their key: it runs or starts as many as it may, or others take their turn. */
        readonly held: number;
        /** Jobs that workers run. */
        readonly running: number;
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
    };
  };
  putSchedule: {
    query: {};
    body: {
      /** A cron expression of five fields, or six with seconds first, such as "30 2 * * *" or "0 9 * * MON-FRI". `?` is the same as `*`. Excludes `every`. */
      readonly cron?: string | undefined;
      /** The time between two slots, at least 1 s. Counts from `startAt`, else from the creation. Excludes `cron`. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly every?: number | string | undefined;
      /** The IANA time zone of `cron`. Default UTC. */
      readonly timeZone?: string | undefined;
      /** What happens to slots that no process fired within a minute. `skip`: they are dropped. `one`: the latest fires once (default). `all`: all fire, at most the latest 100 of the last day. */
      readonly misfire?: 'skip' | 'one' | 'all' | undefined;
      /** What happens while the job of the slot before has not ended. `allow`: submit another (default). `skip`: submit none. `replace`: cancel that job first. */
      readonly overlap?: 'allow' | 'skip' | 'replace' | undefined;
      /** There is no slot before this time (RFC 3339). Default: no limit. */
      readonly startAt?: string | undefined;
      /** There is no slot after this time (RFC 3339). Default: no limit. */
      readonly endAt?: string | undefined;
      /** The most jobs in all. Default: no limit. */
      readonly maxRuns?: number | undefined;
      /** Spreads the load: each slot fires at its own moment within this time after it. Default 0. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly window?: number | string | undefined;
      /** The job to submit at each slot, as for `POST /jobs`, without `delay` and `runAt`. */
      readonly job: {
        /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
        readonly task: string;
        /** The queue in which the job waits. Default "default". 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly queue?: string | undefined;
        /** The input of the task: any JSON value of at most 60 levels. Default null. The service passes its text on unchanged. */
        readonly payload?: unknown | undefined;
        /** The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal. */
        readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined;
        /** For whom or what the job is: a tenant, a document. 1 to 255 characters. */
        readonly key?: string | undefined;
        /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
        readonly attempts?: number | string | undefined;
        /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
        readonly backoff?: {
          /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
          readonly type: 'exponential' | 'fixed';
          /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly delay: number | string;
          /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly max?: number | string | undefined;
          /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
          readonly jitter?: number | undefined;
        } | undefined;
        /** The longest time of one attempt. Default: what the task sets, else 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly timeout?: number | string | undefined;
        /** The job expires if it has not started this long after the submit. Default: never. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly expiresIn?: number | string | undefined;
        /** How long the job can be read after its end. Default 24 h (RESULT_TTL_MS). Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly resultTtl?: number | string | undefined;
        /** One job at a time for the same queue, task and `key`. Without `key` the payloads count: those that are equal as JSON are one. `true`: all defaults. */
        readonly unique?: boolean | {
          /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
          readonly key?: string | undefined;
          /** How long a job keeps its place. `ended`: until it has completed, failed for good, expired, or been cancelled or removed (default). `started`: until a worker takes it. */
          readonly until?: 'ended' | 'started' | undefined;
          /** A job keeps its place at least this long after its submit, whatever becomes of it. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly for?: number | string | undefined;
          /** What happens while another job has the place. `existing`: the answer is 200 with that job (default). `reject`: the answer is 409 `not-unique`. `replace`: the other job gets the new payload, options and time, and keeps its id. While it runs, the new job waits for its end, and later ones replace that. */
          readonly onConflict?: 'existing' | 'reject' | 'replace' | undefined;
        } | undefined;
        /** As `unique` with `replace`, and each submit puts the start off again: the last of many edits runs. Excludes `unique`, `delay` and `runAt`. */
        readonly debounce?: {
          /** The job starts this long after the last submit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly wait: number | string;
          /** The job starts no later than this long after the first submit. Default: no limit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly maxWait?: number | string | undefined;
          /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
          readonly key?: string | undefined;
        } | undefined;
        /** When a job of the same queue, task and payload (or `key`), submitted with `cache`, has completed within this time, the answer is 200 with that job, and nothing runs. Submits that miss together become one job. A duration, or an object. Excludes `unique` and `debounce`. */
        readonly cache?: number | string | {
          /** For so long after its completion a job answers later submits. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly for: number | string;
          /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
          readonly key?: string | undefined;
        } | undefined;
        /** Up to 10 tags, by which `GET /jobs?tag=` finds the job. A tag has 1 to 64 characters, none of them a control character. */
        readonly tags?: readonly string[] | undefined;
        /** Keeps the payload readable after the job has completed, expired or been cancelled. Default false. */
        readonly keepPayload?: boolean | undefined;
        /** Your own labels, up to 31. The service adds the label "schedule": `<schedule id>/<slot>`. */
        readonly metadata?: Readonly<Record<string, string>> | undefined;
      };
    };
    answer: Schedule;
  };
  getSchedule: {
    query: {};
    body: undefined;
    answer: Schedule;
  };
  removeSchedule: {
    query: {};
    body: undefined;
    answer: undefined;
  };
  listSchedules: {
    query: {
      /** Only schedules of this queue. Default: all queues. */
      readonly queue?: string | undefined;
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The schedules of this page. */
      readonly items: readonly Schedule[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
    };
  };
  pauseSchedule: {
    query: {};
    body: undefined;
    answer: Schedule;
  };
  resumeSchedule: {
    query: {};
    body: undefined;
    answer: Schedule;
  };
  runSchedule: {
    query: {};
    body: undefined;
    answer: Job;
  };
  previewSchedule: {
    query: {
      /** The most times to return. Default 10. */
      readonly n?: number | undefined;
    };
    body: undefined;
    answer: {
      /** The next fire times. Fewer than `n` if the schedule ends before. */
      readonly items: readonly string[];
    };
  };
  previewNewSchedule: {
    query: Operations['previewSchedule']['query'];
    body: {
      /** A cron expression of five fields, or six with seconds first, such as "30 2 * * *" or "0 9 * * MON-FRI". `?` is the same as `*`. Excludes `every`. */
      readonly cron?: string | undefined;
      /** The time between two slots, at least 1 s. Counts from `startAt`, else from the creation. Excludes `cron`. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly every?: number | string | undefined;
      /** The IANA time zone of `cron`. Default UTC. */
      readonly timeZone?: string | undefined;
      /** What happens to slots that no process fired within a minute. `skip`: they are dropped. `one`: the latest fires once (default). `all`: all fire, at most the latest 100 of the last day. */
      readonly misfire?: 'skip' | 'one' | 'all' | undefined;
      /** What happens while the job of the slot before has not ended. `allow`: submit another (default). `skip`: submit none. `replace`: cancel that job first. */
      readonly overlap?: 'allow' | 'skip' | 'replace' | undefined;
      /** There is no slot before this time (RFC 3339). Default: no limit. */
      readonly startAt?: string | undefined;
      /** There is no slot after this time (RFC 3339). Default: no limit. */
      readonly endAt?: string | undefined;
      /** The most jobs in all. Default: no limit. */
      readonly maxRuns?: number | undefined;
      /** Spreads the load: each slot fires at its own moment within this time after it. Default 0. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
      readonly window?: number | string | undefined;
      /** The job to submit at each slot, as for `POST /jobs`, without `delay` and `runAt`. */
      readonly job?: {
        /** The task that a worker runs for the job. 1 to 128 characters: letters, digits, "_", ".", ":", "/" and "-". The first is a letter or digit. */
        readonly task: string;
        /** The queue in which the job waits. Default "default". 1 to 64 characters: letters, digits, "_", "." and "-". The first is a letter or digit. */
        readonly queue?: string | undefined;
        /** The input of the task: any JSON value of at most 60 levels. Default null. The service passes its text on unchanged. */
        readonly payload?: unknown | undefined;
        /** The lane of the queue in which the job waits. Workers take from more urgent lanes first. Default normal. */
        readonly priority?: 'critical' | 'high' | 'normal' | 'low' | undefined;
        /** For whom or what the job is: a tenant, a document. 1 to 255 characters. */
        readonly key?: string | undefined;
        /** The most attempts in all, the first one included: 1 to 100, or "unlimited". Default: what the task sets, else 5. */
        readonly attempts?: number | string | undefined;
        /** The wait between attempts. Default: what the task sets, else exponential from 1 s. */
        readonly backoff?: {
          /** `fixed`: every wait is `delay`. `exponential`: each wait is twice the one before. */
          readonly type: 'exponential' | 'fixed';
          /** The wait before the second attempt. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly delay: number | string;
          /** The longest wait. Default 1 h. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly max?: number | string | undefined;
          /** Each wait is longer or shorter at random by up to this share of it. `max` applies afterwards. Default 0.2. */
          readonly jitter?: number | undefined;
        } | undefined;
        /** The longest time of one attempt. Default: what the task sets, else 30 min. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly timeout?: number | string | undefined;
        /** The job expires if it has not started this long after the submit. Default: never. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly expiresIn?: number | string | undefined;
        /** How long the job can be read after its end. Default 24 h (RESULT_TTL_MS). Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly resultTtl?: number | string | undefined;
        /** One job at a time for the same queue, task and `key`. Without `key` the payloads count: those that are equal as JSON are one. `true`: all defaults. */
        readonly unique?: boolean | {
          /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
          readonly key?: string | undefined;
          /** How long a job keeps its place. `ended`: until it has completed, failed for good, expired, or been cancelled or removed (default). `started`: until a worker takes it. */
          readonly until?: 'ended' | 'started' | undefined;
          /** A job keeps its place at least this long after its submit, whatever becomes of it. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly for?: number | string | undefined;
          /** What happens while another job has the place. `existing`: the answer is 200 with that job (default). `reject`: the answer is 409 `not-unique`. `replace`: the other job gets the new payload, options and time, and keeps its id. While it runs, the new job waits for its end, and later ones replace that. */
          readonly onConflict?: 'existing' | 'reject' | 'replace' | undefined;
        } | undefined;
        /** As `unique` with `replace`, and each submit puts the start off again: the last of many edits runs. Excludes `unique`, `delay` and `runAt`. */
        readonly debounce?: {
          /** The job starts this long after the last submit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly wait: number | string;
          /** The job starts no later than this long after the first submit. Default: no limit. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly maxWait?: number | string | undefined;
          /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
          readonly key?: string | undefined;
        } | undefined;
        /** When a job of the same queue, task and payload (or `key`), submitted with `cache`, has completed within this time, the answer is 200 with that job, and nothing runs. Submits that miss together become one job. A duration, or an object. Excludes `unique` and `debounce`. */
        readonly cache?: number | string | {
          /** For so long after its completion a job answers later submits. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
          readonly for: number | string;
          /** What the jobs have in common, in place of their payloads. 1 to 255 characters. */
          readonly key?: string | undefined;
        } | undefined;
        /** Up to 10 tags, by which `GET /jobs?tag=` finds the job. A tag has 1 to 64 characters, none of them a control character. */
        readonly tags?: readonly string[] | undefined;
        /** Keeps the payload readable after the job has completed, expired or been cancelled. Default false. */
        readonly keepPayload?: boolean | undefined;
        /** Your own labels, up to 31. The service adds the label "schedule": `<schedule id>/<slot>`. */
        readonly metadata?: Readonly<Record<string, string>> | undefined;
      } | undefined;
    };
    answer: Operations['previewSchedule']['answer'];
  };
  streamJobEvents: {
    query: {
      /** The same as `Last-Event-ID`, for clients that cannot send headers. The header wins. */
      readonly lastEventId?: string | undefined;
    };
    body: undefined;
    answer: undefined;
  };
  streamQueueEvents: {
    query: {
      /** Only events of these types, comma separated: submitted, started, progress, completed, failed, retrying, cancelled, expired, released, recovered, requeued, changed, paused, resumed. Default: all. */
      readonly type?: string | undefined;
      /** The same as `Last-Event-ID`, for clients that cannot send headers. The header wins. */
      readonly lastEventId?: string | undefined;
    };
    body: undefined;
    answer: undefined;
  };
  streamEvents: {
    query: Operations['streamQueueEvents']['query'];
    body: undefined;
    answer: undefined;
  };
  listHistory: {
    query: {
      /** Only events at or after this time (RFC 3339). Default: the oldest kept. */
      readonly from?: string | undefined;
      /** Only events before this time (RFC 3339). Default: the latest. */
      readonly to?: string | undefined;
      /** Only events of these types, comma separated: submitted, started, progress, completed, failed, retrying, cancelled, expired, released, recovered, requeued, changed, paused, resumed. Default: all. */
      readonly type?: string | undefined;
      /** `asc`: oldest first (default). `desc`: latest first. */
      readonly order?: 'asc' | 'desc' | undefined;
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The events of this page. */
      readonly items: readonly Event[];
      /** Send it as `cursor` to get the next page. Absent on the last page. Earlier pages may be short or empty. */
      readonly nextCursor?: string;
    };
  };
  listSubscriptions: {
    query: {};
    body: undefined;
    answer: {
      /** The subscriptions. */
      readonly items: readonly Subscription[];
    };
  };
  putSubscription: {
    query: {};
    body: {
      /** Where a new subscription starts: with the next event (`now`) or with the oldest kept one. Default now. */
      readonly from?: 'now' | 'oldest' | undefined;
      /** The most entries that the service keeps for the subscription. Older entries are lost unless acknowledged, and `lost` counts them. Default 100000. */
      readonly maxBacklog?: number | undefined;
      /** Milliseconds to acknowledge events after a read. The service then delivers them again. Default 30000. */
      readonly ackWaitMs?: number | undefined;
    };
    answer: Subscription;
  };
  getSubscription: {
    query: {};
    body: undefined;
    answer: Subscription;
  };
  removeSubscription: {
    query: {};
    body: undefined;
    answer: undefined;
  };
  readSubscription: {
    query: {};
    body: {
      /** About the most events to return: the events of one entry stay together. Default 100. */
      readonly max?: number | undefined;
      /** The longest wait for an event, in milliseconds. Default 0. */
      readonly waitMs?: number | undefined;
      /** Only events of these types. The service acknowledges the others itself. Default: all types. */
      readonly types?: readonly ('submitted' | 'started' | 'progress' | 'completed' | 'failed' | 'retrying' | 'cancelled' | 'expired' | 'released' | 'recovered' | 'requeued' | 'changed' | 'paused' | 'resumed')[] | undefined;
    };
    answer: {
      /** The events, oldest first. Acknowledge them. */
      readonly events: readonly Event[];
      /** Entries lost since the last response with `lost`. */
      readonly lost?: number;
      /** true: the service found none of the wanted types so far, and more entries wait. Read again. */
      readonly more?: boolean;
    };
  };
  ackSubscription: {
    query: {};
    body: {
      /** The id of the event: opaque. Send it unchanged in Last-Event-ID, `upTo` or `ids`. */
      readonly upTo?: string | undefined;
      /** The ids of the events. */
      readonly ids?: readonly string[] | undefined;
    };
    answer: {
      /** Entries that this request has fully acknowledged. */
      readonly acked: number;
      /** Entries read but still not acknowledged. */
      readonly unacked: number;
    };
  };
  createKey: {
    query: {};
    body: {
      /** What the key is for, for people. */
      readonly name: string;
      /** What the key may do. They never change: make another key instead. */
      readonly scopes: readonly string[];
      /** From when on the key is refused. Absent: never. RFC 3339, UTC. */
      readonly expiresAt?: string | undefined;
      /** How many requests the key may send, counted by all API processes together. */
      readonly rate?: {
        /** Requests in that time. */
        readonly limit: number;
        /** In which time. Milliseconds as an integer, or a string such as "500ms", "30s", "5m", "2h", "1d". */
        readonly per: number | string;
      } | undefined;
    };
    answer: {
      /** The id of the key. It is no secret. */
      readonly id: string;
      /** What the key is for, for people. */
      readonly name: string;
      /** What the key may do. They never change: make another key instead. */
      readonly scopes: readonly string[];
      /** When the key was made. RFC 3339, UTC. */
      readonly createdAt: string;
      /** From when on the key is refused. RFC 3339, UTC. */
      readonly expiresAt?: string;
      /** How many requests the key may send. */
      readonly rate?: {
        /** Requests in that time. */
        readonly limit: number;
        /** In which time, in milliseconds. */
        readonly per: number;
      };
      /** When the key was last used, exact to a minute. Absent: not used yet. RFC 3339, UTC. */
      readonly lastUsedAt?: string;
      /** The key itself, to be sent as `Authorization: Bearer <key>`. It is shown this once: the service keeps only a hash of it. */
      readonly key: string;
    };
  };
  listKeys: {
    query: Operations['listPending']['query'];
    body: undefined;
    answer: {
      /** The keys of this page. */
      readonly items: readonly {
        /** The id of the key. It is no secret. */
        readonly id: string;
        /** What the key is for, for people. */
        readonly name: string;
        /** What the key may do. They never change: make another key instead. */
        readonly scopes: readonly string[];
        /** When the key was made. RFC 3339, UTC. */
        readonly createdAt: string;
        /** From when on the key is refused. RFC 3339, UTC. */
        readonly expiresAt?: string;
        /** How many requests the key may send. */
        readonly rate?: {
          /** Requests in that time. */
          readonly limit: number;
          /** In which time, in milliseconds. */
          readonly per: number;
        };
        /** When the key was last used, exact to a minute. Absent: not used yet. RFC 3339, UTC. */
        readonly lastUsedAt?: string;
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
    };
  };
  removeKey: {
    query: {};
    body: undefined;
    answer: undefined;
  };
  listAudit: {
    query: {
      /** Only calls at this time or later (RFC 3339). */
      readonly from?: string | undefined;
      /** Only calls at this time or earlier (RFC 3339). */
      readonly to?: string | undefined;
      /** The most items to return. Default 100. */
      readonly limit?: number | undefined;
      /** The `nextCursor` of the page before, unchanged. Absent: the first page. */
      readonly cursor?: string | undefined;
    };
    body: undefined;
    answer: {
      /** The calls of this page. */
      readonly items: readonly {
        /** When the call was recorded, by the clock of Redis: at most a second after its answer. RFC 3339, UTC. */
        readonly time: string;
        /** The id of the key, `sub` of the token, or `admin` for ADMIN_KEY. Absent where the caller is not known. */
        readonly key?: string;
        /** The address of the client. Absent where `more` counts many addresses together. */
        readonly address?: string;
        /** The method. */
        readonly method: string;
        /** The pattern of the path. Absent for a path that is not there. */
        readonly route?: string;
        /** What the path names, or what the call has made. */
        readonly target?: string;
        /** The HTTP status of the answer. */
        readonly status: number;
        /** So many further calls from this address were refused shortly before. They have no entry of their own. */
        readonly more?: number;
      }[];
      /** Send it as `cursor` to get the next page. Absent on the last page. */
      readonly nextCursor?: string;
    };
  };
  getLiveness: {
    query: {};
    body: undefined;
    answer: {
      /** Always true. */
      readonly alive: true;
    };
  };
  getReadiness: {
    query: {};
    body: undefined;
    answer: {
      /** Whether the service accepts jobs. */
      readonly ready: boolean;
      /** Why the service is not ready. Empty when ready. */
      readonly reasons: readonly string[];
      /** When Redis writes an accepted job to disk: its `appendfsync` mode. `off`: append-only file disabled. `unknown`: Redis does not show it. */
      readonly durability: 'always' | 'everysec' | 'no' | 'off' | 'unknown';
      /** What `REDIS_URL` names: one Redis, sentinels, or a Redis Cluster. */
      readonly topology: 'single' | 'sentinel' | 'cluster';
      /** The replicas of Redis. */
      readonly replicas: {
        /** How many replicas must have a job before its 202. */
        readonly wanted: number;
        /** How many replicas follow the primary now. 0 also while Redis does not answer. */
        readonly have: number;
      };
      /** What needs a look although the service is ready: settings that other processes have with other values. Absent when there is nothing. */
      readonly warnings?: readonly string[];
    };
  };
  getMetrics: {
    query: {};
    body: undefined;
    answer: undefined;
  };
  getHome: {
    query: {};
    body: undefined;
    answer: {
      /** The name of the service. */
      readonly name: string;
      /** The version of the service. */
      readonly version: string;
      /** Addresses relative to this one. */
      readonly links: {
        /** The dashboard, for browsers. */
        readonly dashboard: string;
        /** All requests and responses, to read and to try out. */
        readonly docs: string;
        /** The same as an OpenAPI document, for programs. */
        readonly openapi: string;
        /** Whether the service accepts jobs, and if not, why. */
        readonly readyz: string;
        /** Whether the process is alive. */
        readonly livez: string;
        /** All queues with their counts. */
        readonly queues: string;
      };
    };
  };
  getProblem: {
    query: {};
    body: undefined;
    answer: {
      /** The code. */
      readonly code: string;
      /** The HTTP status of its answers. */
      readonly status: number;
      /** The code in words. */
      readonly title: string;
      /** What it means and what to do, as Markdown. */
      readonly help: string;
    };
  };
}

/** The members by which an answer is known, by its operation. "|" is between alternatives; an empty one has no body. */
export const ANSWERS: Readonly<Record<string, string>> = {
  'POST /jobs': 'id status',
  'GET /jobs': 'items',
  'GET /jobs/{id}': 'id status',
  'DELETE /jobs/{id}': '|id status',
  'PATCH /jobs/{id}': 'id status',
  'GET /jobs/{id}/logs': 'items',
  'POST /jobs/{id}/cancel': 'id status',
  'POST /jobs/{id}/retry': 'id status',
  'POST /jobs/{id}/rerun': 'id status',
  'POST /jobs/batch': 'items',
  'POST /leases': 'lease',
  'POST /leases/{lease}/heartbeat': 'expiresAt',
  'POST /leases/{lease}/settle': 'items',
  'POST /jobs/{id}/complete': 'id status',
  'POST /jobs/{id}/fail': 'id status',
  'POST /jobs/{id}/release': 'id status',
  'POST /jobs/{id}/progress': 'id status',
  'POST /jobs/{id}/checkpoint': 'id status',
  'POST /jobs/{id}/log': 'id status',
  'GET /tasks': 'items',
  'PUT /queues/{name}/tasks/{task}': 'queue',
  'DELETE /queues/{name}/tasks/{task}': '',
  'GET /workers': 'items',
  'GET /workers/{name}': 'name',
  'POST /workers/{name}/drain': 'name',
  'GET /queues': 'items',
  'GET /queues/{name}': 'name',
  'PUT /queues/{name}': 'name',
  'DELETE /queues/{name}': '|name',
  'GET /queues/{name}/stats': 'queue',
  'GET /queues/{name}/jobs': 'items',
  'DELETE /queues/{name}/jobs': 'count',
  'GET /queues/{name}/pending': 'items',
  'GET /pending': 'items',
  'POST /queues/{name}/dead/retry': 'count',
  'DELETE /queues/{name}/dead': 'count',
  'POST /queues/{name}/pause': 'name',
  'POST /queues/{name}/resume': 'name',
  'GET /queues/{name}/keys': 'items',
  'PUT /schedules/{id}': 'id',
  'GET /schedules/{id}': 'id',
  'DELETE /schedules/{id}': '',
  'GET /schedules': 'items',
  'POST /schedules/{id}/pause': 'id',
  'POST /schedules/{id}/resume': 'id',
  'POST /schedules/{id}/run': 'id status',
  'GET /schedules/{id}/preview': 'items',
  'POST /schedules/preview': 'items',
  'GET /queues/{name}/history': 'items',
  'GET /queues/{name}/subscriptions': 'items',
  'PUT /queues/{name}/subscriptions/{sub}': 'name',
  'GET /queues/{name}/subscriptions/{sub}': 'name',
  'DELETE /queues/{name}/subscriptions/{sub}': '',
  'POST /queues/{name}/subscriptions/{sub}/read': 'events',
  'POST /queues/{name}/subscriptions/{sub}/ack': 'acked',
  'POST /keys': 'id',
  'GET /keys': 'items',
  'DELETE /keys/{id}': '',
  'GET /audit': 'items',
  'GET /livez': 'alive',
  'GET /readyz': 'ready',
  'GET /': 'name',
  'GET /problems/{code}': 'code status',
};
