import { readFileSync } from 'node:fs';

/** Nobody waits longer for the request of somebody else. */
export const MAX_TURN_MS = 100;

/** CPU time of this thread so far, ms: unlike the time of a clock it does not grow while others have the core. */
function threadCpuMs(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'utf8').split(' ', 1)[0]) / 1e6;
}

/**
 * The longest turn of the event loop of this process while `work` runs, in ms of CPU time. An API in this process cannot
 * answer anybody else in a turn.
 */
export async function longestTurn(work: () => Promise<unknown>): Promise<number> {
  let longest = 0;
  let isOver = false;
  let last = threadCpuMs();
  const look = () => {
    const now = threadCpuMs();
    longest = Math.max(longest, now - last);
    last = now;
    if (!isOver) setImmediate(look);
  };
  setImmediate(look);
  await work();
  isOver = true;
  return longest;
}
