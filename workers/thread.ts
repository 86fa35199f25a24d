import { importDefault } from '../src/tasks/import.ts';
import type { TaskContext, TaskHandler, TaskModule } from '../src/tasks/types.ts';
import { callHandler } from './attempt.ts';
import type { Outcome } from './outcome.ts';
import { progressText } from './progress-text.ts';
import type { FromThread, ThreadTask, ToThread } from './threads.ts';

/**
 * The module was loaded and checked by the process, which checks payload and result as well: a thread only
 * imports it (once, by Node's own cache), and so starts quickly.
 */
async function handlerOf(file: string): Promise<TaskHandler> {
  const module = (await importDefault(file)) as TaskModule;
  return typeof module === 'function' ? module : module.handler;
}

/** The entry of a thread: runs one attempt. */
export default async function runInThread({ file, payload, job, port }: ThreadTask): Promise<Outcome> {
  const abort = new AbortController();
  port.on('message', ({ name, message }: ToThread) => {
    abort.abort(Object.assign(new Error(message), { name }));
  });
  // The port must not keep an idle thread alive.
  port.unref();
  const say = (message: FromThread) => port.postMessage(message);
  const ctx: TaskContext = {
    job,
    signal: abort.signal,
    // A value that cannot be written fails the handler here, where it can be seen.
    progress: (value) => say({ type: 'progress', value: JSON.parse(progressText(value)) }),
    log: (text) => say({ type: 'log', text: String(text) }),
  };
  try {
    return await callHandler(await handlerOf(file), payload, ctx);
  } finally {
    port.close();
  }
}
