import { threadId } from 'node:worker_threads';

/** Shows that it runs in a thread; fails with the payload's `error` members when there are any. */
export default {
  thread: true,
  handler: ({ error, log } = {}, ctx) => {
    ctx.progress({ half: true });
    if (log) ctx.log(log);
    if (error) throw Object.assign(new Error('from the thread'), error);
    return { threadId, pid: process.pid, job: ctx.job.id };
  },
};
