/**
 * What the parts of the bench say to each other: a scenario has contenders, the runner lets them run in turn on a
 * bed of their own, and the report makes medians and ratios of their figures.
 */

/** Numbers of one round by name, such as `rate`; their units are in `report/units.ts`. */
export type Figures = Readonly<Record<string, number>>;

/** One of those that are compared in a scenario. */
export interface Contender {
  /** Short and stable, such as `millrace` or `bullmq`: the key in the JSON. */
  readonly id: string;
  /** As people read it, such as `BullMQ addBulk(100)`. */
  readonly label: string;
  /**
   * One round on a fresh bed: sets up, warms up, measures, and checks that every job was done exactly once.
   *
   * @throws {Error} when a job was lost or done twice: such a round has no figures.
   */
  run(bed: Bed): Promise<Figures>;
  /** Where a scenario has several: what is not of the same variant is no peer of it, such as one that syncs its writes. */
  readonly variant?: string;
  /** Settings of redis.conf for this contender alone; they win over the scenario's. */
  readonly redis?: Readonly<Record<string, string>>;
}

/**
 * A claim that the report checks: median over the rounds of the ratio of two contenders' figures or, without `against`, of
 * the figure itself.
 */
export interface Claim {
  /** As in the table of docs/explanation/benchmarks.md. */
  readonly text: string;
  readonly figure: string;
  readonly of: string;
  readonly against?: string;
  /** `higher`: it must be at least `least`; `lower`: at most. */
  readonly better: 'higher' | 'lower';
  readonly least: number;
  readonly aim: number;
}

export interface Scenario {
  /** Short and stable, such as `submit-64`; `--only` takes a part of it. */
  readonly id: string;
  readonly title: string;
  /** Whether `--quick` runs it. */
  readonly quick: boolean;
  /** At most so many rounds, where a further one says nothing new: bytes hardly vary. */
  readonly maxRounds?: number;
  /** Settings of redis.conf for this scenario; without any nothing is written to disk. */
  readonly redis?: Readonly<Record<string, string>>;
  readonly contenders: readonly Contender[];
  /** Figures shown in the table, in this order. */
  readonly figures: readonly string[];
  readonly claims?: readonly Claim[];
}

/** What one round of one contender stands on. All of it ends with the round. */
export interface Bed {
  /** True in `--quick`: smaller counts, shorter times. */
  readonly quick: boolean;
  readonly redis: BedRedis;
  /** Starts a process and waits until it can be asked. */
  start(options: StartOptions): Promise<BedProcess>;
  /** The API as users start it (dist/src/server.js), ready. */
  startApi(env?: NodeJS.ProcessEnv): Promise<BedProcess & { readonly port: number }>;
  /** The worker as users start it (dist/workers/main.js), with its lease taken. */
  startWorker(env?: NodeJS.ProcessEnv): Promise<BedProcess>;
}

export interface StartOptions {
  /** As people read it, in errors. */
  readonly name: string;
  /** A TypeScript file of bench/ that calls `serve` (serve.ts); it runs compiled, as `npm run bench` has done. */
  readonly file: URL;
  readonly env?: NodeJS.ProcessEnv;
}

export interface BedProcess {
  /** Every process of it: children, too. */
  cpuSeconds(): Promise<number>;
  /** Resident memory of all of it, bytes. */
  rssBytes(): Promise<number>;
  /** Sends a message to a process with an IPC channel and waits for the answer; at most `limitMs`. */
  ask<T>(message: unknown, limitMs?: number): Promise<T>;
  stop(): Promise<void>;
}

export interface BedRedis {
  /** `unix://` as in the embedded stack. */
  readonly url: string;
  /** The same server for clients that cannot do with a URL of a socket. */
  readonly socketPath: string;
  /** CPU seconds used so far. */
  cpuSeconds(): Promise<number>;
  /** Calls so far, by clients and inside scripts (sum of `INFO commandstats`): each is work for the server. */
  commands(): Promise<number>;
  /** `used_memory` at rest, bytes. */
  usedBytes(): Promise<number>;
  /** A plain command, as for redis-cli. */
  call(...args: (string | number)[]): Promise<unknown>;
}
