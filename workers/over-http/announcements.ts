import { Loop } from '../../src/maintenance/loop.ts';
import { createObserver } from '../../src/observer.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { ANNOUNCED } from './answers.ts';
import { type Api, mayPass, pauseMs } from './api.ts';

/** An announcement that nobody renews counts for a day, and may give way to another one after 11 minutes. */
const ANNOUNCE_EVERY_MS = 5 * 60_000;

/**
 * Tells the API again and again what schemas the tasks have, so that it checks payloads when jobs are submitted.
 *
 * @param onTold the API knows all of them, or a key may not announce them: such a worker runs jobs all the same.
 */
export function announceLoop(
  api: Api,
  queues: readonly string[],
  tasks: ReadonlyMap<string, LoadedTask>,
  onTrouble: (error: unknown) => void,
  onTold: () => void,
): Loop {
  const requests = queues.flatMap((queue) =>
    [...tasks.values()].map((task) => ({
      path: `/queues/${encodeURIComponent(queue)}/tasks/${encodeURIComponent(task.name)}`,
      body: announcementOf(task),
    })),
  );
  let tries = 0;
  /** A key that may not announce is told once. */
  let wasRefused = false;
  const run = async (): Promise<number> => {
    try {
      for (const { path, body } of requests) await api.send('PUT', path, body, ANNOUNCED);
      wasRefused = false;
    } catch (error) {
      const isRefused = !mayPass(error);
      if (!isRefused || !wasRefused) onTrouble(error);
      tries += 1;
      if (!isRefused) return pauseMs(tries, error);
      wasRefused = true;
    }
    tries = 0;
    onTold();
    return ANNOUNCE_EVERY_MS;
  };
  return new Loop('announce', run, createObserver());
}

function announcementOf({ input, output, options }: LoadedTask): string {
  const { attempts, backoff, timeoutMs } = options;
  return JSON.stringify({ input, output, attempts, backoff, timeoutMs });
}
