import { parentPort } from 'node:worker_threads';
import type { Outcome } from '../../src/attempts/outcome.ts';
import { systemClock } from '../../src/clock.ts';
import { createObserver } from '../../src/observer.ts';
import { UncaughtErrors } from '../process/uncaught-errors.ts';
import type { AttemptTrace } from '../run/attempt-trace.ts';
import { ProcessLine, runIsolated, type ToIsolated } from './isolated-attempt.ts';
import type { FromThread, ThreadTask } from './thread-pool.ts';

/** The attempt that runs here, or ran last. */
let current: AttemptTrace | undefined;
/** Whether code has left an error uncaught: this thread runs no further attempt. */
let isInDoubt = false;

new UncaughtErrors({
  only: () => current,
  clock: systemClock,
  // The pool passes it to the log. What was thrown may be no value that can be sent.
  observe: createObserver({
    wants: () => true,
    observe: (event) => {
      const error = 'error' in event && event.error instanceof Error ? event.error.stack : undefined;
      parentPort?.postMessage({ ...event, error: error ?? 'a value that is no error' });
    },
  }),
  lease: '',
  onDoubt: () => {
    isInDoubt = true;
  },
}).install();

/** Entry of a thread: runs one attempt. */
export default async function runInThread({ port, ...task }: ThreadTask): Promise<Outcome> {
  const line = new ProcessLine((message) => port.postMessage(message));
  port.on('message', (message: ToIsolated) => line.receive(message));
  // The port must not keep an idle thread alive.
  port.unref();
  const outcome = await runIsolated(task, line, (trace) => {
    current = trace;
  });
  current?.handlerEnded();
  if (!isInDoubt) {
    port.close();
    return outcome;
  }
  const last: FromThread = { type: 'last-outcome', outcome };
  port.postMessage(last);
  // The pool ends this thread.
  return new Promise(() => undefined);
}
