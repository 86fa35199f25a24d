/** Leaves an error uncaught in the way that the payload names; then holds until its signal fires, or returns with `ends`. */
import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { exit } from 'node:process';

/** Stands for a library that all tasks share: what runs in it belongs to no attempt. */
const shared = new AsyncResource('shared');
const fail = () => {
  throw Object.assign(new RangeError('not caught'), { data: { km: 7 } });
};
const ways = {
  not: () => undefined,
  rejection: () => void (async () => fail())(),
  'late rejection': () => void new Promise((resolve) => setTimeout(resolve, 10)).then(fail),
  timer: () => setTimeout(fail, 1),
  event: () => setImmediate(() => new EventEmitter().emit('error', new RangeError('not caught'))),
  exit: () => exit(7),
  'exit in a timer': () => setTimeout(() => process.exit(7), 1),
  'exit in a try': () => {
    try {
      process.exit(7);
    } catch {}
  },
  abort: () => process.abort(),
  shared: () => shared.runInAsyncScope(() => setTimeout(fail, 1)),
  'shared rejection': () => shared.runInAsyncScope(() => void setTimeout(() => void Promise.reject(fail), 1)),
};

export default ({ way, ends = false }, ctx) => {
  ways[way]();
  if (ends) return 'ended';
  return new Promise((_, reject) => ctx.signal.addEventListener('abort', () => reject(ctx.signal.reason)));
};
