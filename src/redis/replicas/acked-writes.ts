import type { Command, Redis } from 'ioredis';
import { systemClock } from '../../clock.ts';
import { AppError } from '../../errors.ts';

/** What a write waits for. */
export interface ReplicaAck {
  /** So many replicas must have it. More than 0. */
  readonly replicas: number;
  /** Most ms that they may take. */
  readonly withinMs: number;
}

/** `withinMs` is at most this: a connection that says nothing for 900 ms counts as lost, and WAIT blocks it. */
export const MOST_ACK_MS = 600;

/** The commands that make a group. An ASKING stays before the command that it is for. */
const GROUPED: ReadonlySet<string> = new Set(['xadd', 'sadd', 'eval', 'evalsha', 'asking']);
/** Most commands and characters of one group: replicas must have them all within the time for one. */
const MOST_COMMANDS = 1_000;
const MOST_LENGTH = 4_194_304;
/** A write that has waited for its group for longer is refused, ms. */
const MOST_WAIT_MS = 900;

type Send = (command: Command) => unknown;

interface Waiting {
  readonly command: Command;
  /** Monotonic ms. */
  readonly since: number;
  readonly length: number;
}

/** A write that Redis has answered, and that replicas may not have yet. */
interface Written {
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/**
 * From now on a write on the connection resolves once enough replicas have it. If too few have it in time, it rejects with
 * `not-replicated`, although Redis may keep it.
 *
 * Works below scripts and redirects: what ioredis sends again, it sends in a later group.
 */
export function ackWrites(redis: Redis, ack: ReplicaAck): void {
  const send = redis.sendCommand.bind(redis);
  const writes = new AckedWrites(redis, send, ack);
  redis.sendCommand = (command, stream) =>
    stream === undefined && writes.takes(command) ? writes.add(command) : send(command, stream);
}

/**
 * Sends writes in groups, one at a time: each with a WAIT behind it in one write to the socket. WAIT answers for all writes of its
 * connection, and blocks it. So what comes meanwhile makes the next group, and groups grow with the load.
 */
class AckedWrites {
  readonly #redis: Redis;
  readonly #send: Send;
  readonly #ack: ReplicaAck;
  #waiting: Waiting[] = [];
  /** Commands of the group that is on its way, or that ioredis keeps until the connection is open. */
  readonly #sent = new WeakSet<Command>();
  #isBusy = false;
  /** The last group was not acknowledged in time: the time of the next one counts from when its first write came. */
  #isLate = false;

  constructor(redis: Redis, send: Send, ack: ReplicaAck) {
    this.#redis = redis;
    this.#send = send;
    this.#ack = ack;
  }

  takes(command: Command): boolean {
    return GROUPED.has(command.name) && !this.#sent.has(command);
  }

  add(command: Command): Promise<unknown> {
    this.#waiting.push({ command, since: systemClock.monotonic(), length: lengthOf(command) });
    if (!this.#isBusy) {
      this.#isBusy = true;
      process.nextTick(this.#sendNext);
    }
    return command.promise;
  }

  readonly #sendNext = (): void => {
    const now = systemClock.monotonic();
    this.#refuseOld(now);
    const group = this.#takeGroup();
    const [first] = group;
    this.#isBusy = first !== undefined;
    if (first === undefined) return;
    const { replicas, withinMs } = this.#ack;
    const leftMs = Math.ceil(withinMs - (now - first.since));
    const { stream } = this.#redis;
    stream?.cork();
    const written = group.map(({ command }) => command).reduce(this.#write, []);
    const waited = this.#redis.wait(replicas, this.#isLate ? Math.max(1, leftMs) : withinMs);
    stream?.uncork();
    waited.then(
      (have) => this.#end(written, have < replicas ? this.#tooFew() : undefined),
      (error: Error) => this.#end(written, isReply(error) ? this.#refused(error) : error),
    );
  };

  /** Sends a command, and keeps its reply back. */
  readonly #write = (written: Written[], command: Command): Written[] => {
    const { resolve, reject } = command;
    const refuse = (error: Error) => {
      // ioredis may send it again now.
      this.#sent.delete(command);
      Object.assign(command, { resolve, reject });
      reject(error);
    };
    command.reject = refuse;
    command.resolve = (value: unknown) => {
      written.push({ resolve: () => resolve(value), reject: refuse });
    };
    this.#sent.add(command);
    this.#send(command);
    return written;
  };

  #end(written: readonly Written[], error: Error | undefined): void {
    this.#isLate = error !== undefined;
    for (const { resolve, reject } of written) {
      if (error === undefined) resolve();
      else reject(error);
    }
    this.#sendNext();
  }

  #takeGroup(): Waiting[] {
    let [count, length] = [0, 0];
    for (const one of this.#waiting) {
      const isFull = count === MOST_COMMANDS || length + one.length > MOST_LENGTH;
      if (count > 0 && isFull && this.#waiting[count - 1]?.command.name !== 'asking') break;
      count += 1;
      length += one.length;
    }
    const group = this.#waiting.slice(0, count);
    this.#waiting = this.#waiting.slice(count);
    return group;
  }

  #refuseOld(now: number): void {
    const young = this.#waiting.findIndex(({ since }) => now - since <= MOST_WAIT_MS);
    const old = this.#waiting.splice(0, young < 0 ? this.#waiting.length : young);
    for (const { command } of old) command.reject(this.#tooFew());
  }

  #tooFew(): AppError {
    const { replicas, withinMs } = this.#ack;
    return notReplicated(
      `Fewer than ${replicas} replicas of Redis had it within ${withinMs} ms (REPLICAS_ACK, REPLICAS_ACK_MS).`,
    );
  }

  #refused(cause: Error): AppError {
    return notReplicated('Redis did not say whether its replicas have it (REPLICAS_ACK).', cause);
  }
}

const notReplicated = (why: string, cause?: Error): AppError =>
  new AppError(
    'not-replicated',
    `${why} It may be stored: send the same request again, with the same Idempotency-Key if it has one.`,
    { cause },
  );

const isReply = ({ name }: Error): boolean => name === 'ReplyError';

const lengthOf = ({ args }: Command): number =>
  args.reduce<number>((sum, arg) => sum + (typeof arg === 'number' ? 0 : arg.length), 0);
