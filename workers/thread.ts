import { loadTask } from '../src/tasks/load.ts';
import type { LoadedTask, TaskContext } from '../src/tasks/types.ts';
import { attempt } from './attempt.ts';
import type { Outcome } from './outcome.ts';
import type { FromThread, ThreadTask, ToThread } from './threads.ts';

/** Modules are loaded once in each thread. */
const loaded = new Map<string, Promise<LoadedTask>>();

function load(file: string): Promise<LoadedTask> {
  const task = loaded.get(file) ?? loadTask(file);
  loaded.set(file, task);
  return task;
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
    progress: (value) => say({ type: 'progress', value }),
    log: (text) => say({ type: 'log', text: String(text) }),
  };
  try {
    return await attempt(await load(file), payload, ctx);
  } finally {
    port.close();
  }
}
