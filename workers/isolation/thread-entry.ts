import type { Outcome } from '../../src/attempts/outcome.ts';
import { abortWith, runIsolated, type ToIsolated } from './isolated-attempt.ts';
import type { ThreadTask } from './thread-pool.ts';

/** Entry of a thread: runs one attempt. */
export default async function runInThread({ port, ...task }: ThreadTask): Promise<Outcome> {
  const abort = new AbortController();
  port.on('message', (message: ToIsolated) => abortWith(abort, message));
  // The port must not keep an idle thread alive.
  port.unref();
  try {
    return await runIsolated(task, abort.signal, (message) => port.postMessage(message));
  } finally {
    port.close();
  }
}
