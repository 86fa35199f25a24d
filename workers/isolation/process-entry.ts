import { abortWith, runIsolated } from './isolated-attempt.ts';
import type { FromProcess, ToProcess } from './process-pool.ts';

const abort = new AbortController();

const say = (message: FromProcess): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });

/** The entry of a process that runs one attempt, and ends. */
process.on('message', async (message: ToProcess) => {
  if (message.type === 'abort') {
    abortWith(abort, message);
    return;
  }
  const outcome = await runIsolated(message.task, abort.signal, (said) => void say(said));
  await say({ type: 'outcome', outcome });
  process.exit(0);
});
// The terminal signals the whole group; the worker says itself when to stop.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// Nobody waits for the outcome any more.
process.on('disconnect', () => process.exit(1));
