import { Loop } from '../../src/maintenance/loop.ts';
import { createObserver } from '../../src/observer.ts';
import type { LoadedTask } from '../../src/tasks/types.ts';
import { type Api, pauseMs, Refusal } from './api.ts';

/** An announcement that nobody renews counts for a day, and may give way to another one after 11 minutes. */
const ANNOUNCE_EVERY_MS = 5 * 60_000;

/** Tells the API again and again what schemas the tasks have, so that it checks payloads when jobs are submitted. */
export function announceLoop(
  api: Api,
  queues: readonly string[],
  tasks: ReadonlyMap<string, LoadedTask>,
  onTrouble: (error: unknown) => void,
): Loop {
  const requests = queues.flatMap((queue) =>
    [...tasks.values()].map((task) => ({
      path: `/queues/${encodeURIComponent(queue)}/tasks/${encodeURIComponent(task.name)}`,
      body: announcementOf(task),
    })),
  );
  let tries = 0;
  const run = async (): Promise<number> => {
    try {
      for (const { path, body } of requests) await api.send('PUT', path, body);
      tries = 0;
      return ANNOUNCE_EVERY_MS;
    } catch (error) {
      onTrouble(error);
      tries += 1;
      // A key without the scope for it, for one: jobs are run all the same.
      return error instanceof Refusal && !error.isPassing ? ANNOUNCE_EVERY_MS : pauseMs(tries, error);
    }
  };
  return new Loop('announce', run, createObserver());
}

function announcementOf({ input, output, options }: LoadedTask): string {
  const { attempts, backoff, timeoutMs } = options;
  return JSON.stringify({ input, output, attempts, backoff, timeoutMs });
}
