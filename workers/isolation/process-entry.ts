import { abortWith, runIsolated } from './isolated-attempt.ts';
import type { FromProcess, ToProcess } from './process-pool.ts';

const abort = new AbortController();

const send = (message: FromProcess): Promise<void> =>
  new Promise((resolve) => {
    if (process.connected && process.send) process.send(message, undefined, undefined, () => resolve());
    else resolve();
  });

/** Entry of a process that runs one attempt and exits. */
process.on('message', async (message: ToProcess) => {
  if (message.type === 'abort') {
    abortWith(abort, message);
    return;
  }
  const outcome = await runIsolated(message.task, abort.signal, (sent) => void send(sent));
  await send({ type: 'outcome', outcome });
  process.exit(0);
});
// The terminal signals the whole process group; the worker process decides when to stop.
process.on('SIGINT', () => undefined);
process.on('SIGTERM', () => undefined);
// The worker process has ended: nobody waits for the outcome.
process.on('disconnect', () => process.exit(1));
