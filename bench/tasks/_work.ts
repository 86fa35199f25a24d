import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { ended, executed, picked } from './_tally.ts';

export interface WorkPayload {
  /** Index of the job. */
  readonly i: number;
}

/** What a job does; `attempt` counts from 1. */
export type Work = (payload: WorkPayload, attempt: number) => unknown;

const SLEEP_MS = 10;
const BURN_MICROSECONDS = 20_000;
const FAILS_ONE_IN = 10;

/** Whether the job's first attempt at `flaky` fails. */
export const failsFirst = (index: number): boolean => index % FAILS_ONE_IN === 0;

let stop: Promise<unknown> | undefined;

/** One listener for all jobs; none in processes that hold no job. */
const toldToStop = (): Promise<unknown> => {
  stop ??= once(process, 'SIGTERM').then(() => undefined);
  return stop;
};

/** What the workers of every contender do, by the name of the task. */
export const work = {
  noop({ i }) {
    executed(i);
  },

  sleep({ i }) {
    executed(i);
    return delay(SLEEP_MS);
  },

  /** CPU time and not the clock: a loop by the clock would do less work when the cores are busy. */
  burn({ i }) {
    executed(i);
    const from = process.cpuUsage();
    for (let used = 0; used < BURN_MICROSECONDS; ) {
      const { user, system } = process.cpuUsage(from);
      used = user + system;
    }
  },

  flaky({ i }, attempt) {
    executed(i);
    if (attempt === 1 && failsFirst(i)) throw new Error('The first attempt fails');
  },

  /** Tells when it began: ms of the monotonic clock that all processes of a machine share. */
  stamp({ i }) {
    executed(i);
    return Number(process.hrtime.bigint()) / 1e6;
  },

  /** Runs until its process is told to stop. */
  hold({ i }) {
    executed(i);
    return toldToStop();
  },

  pickup({ i }) {
    executed(i);
    picked();
    ended();
  },
} satisfies Record<string, Work>;

export type TaskName = keyof typeof work;
